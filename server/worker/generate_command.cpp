#include <csignal>
#include <iostream>

#include "core/base/one_line.h"
#include "server/cli/progress.h"
#include "server/worker/commands.h"
#include "server/worker/picture_writer.h"

namespace alice {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) { interrupted = 1; }

void make_pictures(const PreparedRequest& prepared, const std::string& out, std::vector<std::string>& warnings) {
  ProgressDisplay display;
  int64_t written = 0;
  GenerateHooks hooks;
  hooks.on_progress = [&](const Progress& progress) {
    if (interrupted)
      throw Error(ErrorCode::cancelled, "generate",
                  "interrupted; " + (written == 0 ? "no" : std::to_string(written)) +
                      (written == 1 ? " picture was written" : " pictures were written"));
    if (progress.stage == Progress::Stage::denoise)
      display.step(progress.first_image, progress.images, progress.all_images, progress.done, progress.total);
  };
  hooks.on_image = [&](const GeneratedImage& image) {
    const std::string file = picture_file(out, image.index, prepared.settings.n);
    write_picture(file, image, prepared.settings);
    ++written;
    display.finish();
    std::cout << file << " (seed " << image.seed << ")" << std::endl;
  };
  generate(*prepared.pipeline, prepared.settings, hooks, warnings);
}

}  // namespace

int run_generate(Composer& composer, const CommandLine& line) {
  constexpr bool kPathsAllowed = true;  // the caller's own files
  const PreparedRequest prepared = composer.prepare(line.request, kPathsAllowed);
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
  std::vector<std::string> warnings = prepared.warnings;
  make_pictures(prepared, line.out, warnings);
  for (const std::string& warning : warnings) std::cerr << "warning: " << on_indented_lines(warning) << "\n";
  return kExitOk;
}

}  // namespace alice
