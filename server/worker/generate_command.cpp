#include <csignal>
#include <iostream>

#include "core/base/infotext.h"
#include "core/io/images.h"
#include "server/cli/progress.h"
#include "server/worker/commands.h"

namespace alice {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) { interrupted = 1; }

void write_picture(const std::string& file, const GeneratedImage& image, const Settings& settings) {
  const GenerateRequest made_with = as_request(settings, image.seed);
  write_png(file,
            {image.pixels,
             {{"parameters", write_infotext(made_with)}, {"alice", dump_json(write_generate_request(made_with))}}});
}

std::vector<GeneratedImage> make_pictures(const PreparedRequest& prepared, std::vector<std::string>& warnings) {
  ProgressDisplay display;
  return generate(
      *prepared.pipeline, prepared.settings,
      [&](const Progress& progress) {
        if (interrupted) throw Error(ErrorCode::cancelled, "generate", "interrupted; no picture was written");
        if (progress.stage == Progress::Stage::denoise)
          display.step(progress.first_image, progress.images, progress.all_images, progress.done, progress.total);
      },
      warnings);
}

}  // namespace

int run_generate(Composer& composer, const Config& config, const CommandLine& line) {
  constexpr bool kPathsAllowed = true;  // the caller's own files
  GenerateRequest request = line.request;
  if (request.model.empty()) request.model = config.default_model;
  if (request.model.empty())
    throw Error(ErrorCode::bad_request, "--model", "names no model, and the configuration has no models.default_model");

  const PreparedRequest prepared = composer.prepare(request, kPathsAllowed);
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
  std::vector<std::string> warnings = prepared.warnings;
  const std::vector<GeneratedImage> images = make_pictures(prepared, warnings);
  for (const std::string& warning : warnings) std::cerr << "warning: " << warning << "\n";
  for (size_t k = 0; k < images.size(); ++k) {
    const std::string file = picture_file(line.out, static_cast<int64_t>(k), prepared.settings.n);
    write_picture(file, images[k], prepared.settings);
    std::cout << file << " (seed " << images[k].seed << ")" << std::endl;
  }
  return kExitOk;
}

}  // namespace alice
