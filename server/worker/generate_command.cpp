#include <spdlog/spdlog.h>

#include <iostream>

#include "core/base/one_line.h"
#include "core/host/forecaster.h"
#include "server/cli/picture_names.h"
#include "server/cli/progress.h"
#include "server/worker/commands.h"
#include "server/worker/input_files.h"
#include "server/worker/interrupts.h"
#include "server/worker/picture_writer.h"
#include "server/worker/watched_work.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = true;  // the caller's own files
constexpr double kLongRun = 30;       // seconds; of a shorter one nothing is said beforehand

/// Says what a long run will take; refuses one that there is no memory for.
void tell_estimate(Composer& composer, const GenerateRequest& request, const InputPictures& inputs,
                   WorkWatch& watch) {
  Forecaster forecaster(composer, [](const std::string& fault) { spdlog::debug("{}", fault); });
  const auto on_stage = [&](JobStage stage) { watch.note({stage, 0, 0, 0, 0, 0}); };
  const std::optional<Forecast> forecast = forecaster.forecast(request, kPathsAllowed, on_stage, inputs);
  if (!forecast) return;
  check_bounds(*forecast, {}, "generate");
  if (forecast->estimate.seconds < kLongRun) return;
  std::cerr << in_words(forecast->estimate) << " on this machine";
  if (forecast->size.native.is_known())
    std::cerr << "; " << forecast->settings.model << " is for " << to_text(forecast->size.native);
  std::cerr << std::endl;
}

void check_interrupted(int64_t written) {
  if (is_interrupted())
    throw Error(ErrorCode::cancelled, "generate",
                "interrupted; " + (written == 0 ? "no" : std::to_string(written)) +
                    (written == 1 ? " picture was written" : " pictures were written"));
}

PictureFormat format_of(const Settings& settings) {
  return settings.request.output_format.value_or(PictureFormat::png);
}

/// Where pictures go, and what is said of them.
class PictureOutput {
 public:
  PictureOutput(const CommandLine& line, const Settings& settings)
      : out_(!line.out.empty() ? line.out
                               : chosen_name(settings.prompt, settings.seed, settings.n,
                                             extension_of(format_of(settings)))),
        n_(settings.n),
        is_quiet_(line.quiet) {}

  void write(const GeneratedImage& image, const Recipe& recipe) const {
    if (out_ == kStandardOutput) {
      std::cout << picture_bytes(image, recipe) << std::flush;
      if (!std::cout) throw Error(ErrorCode::internal, "standard output", "cannot be written");
      return;
    }
    const std::string file = picture_file(out_, image.index, n_);
    write_picture(file, image, recipe);
    if (!is_quiet_) std::cout << file << " (seed " << image.seed << ")" << std::endl;
  }

 private:
  const std::string out_;
  const int64_t n_;
  const bool is_quiet_;
};

/// Returns what they were made with.
Recipe make_pictures(Composer& composer, const PreparedRequest& prepared, const CommandLine& line,
                     WorkWatch& watch, std::vector<std::string>& warnings) {
  composer.recipes().begin(prepared.ingredients);
  const PictureOutput output(line, prepared.settings);
  ProgressDisplay display;
  int64_t written = 0;
  GenerateHooks hooks;
  hooks.on_progress = [&](const Progress& progress) {
    check_interrupted(written);
    watch.note(progress);
    if (progress.stage == JobStage::denoise && !line.quiet)
      display.step(progress.first_image, progress.images, progress.all_images, progress.done, progress.total);
  };
  const auto recipe = [&] {
    return composer.recipes().recipe(prepared.ingredients, *prepared.model, prepared.settings,
                                     [&] { check_interrupted(written); });
  };
  hooks.on_image = [&](const GeneratedImage& image) {
    display.finish();
    output.write(image, recipe());
    ++written;
  };
  hooks.wrap_denoise = [&](Denoise network) { return watch.wrap(std::move(network)); };
  generate(*prepared.model, prepared.settings, hooks, warnings);
  return recipe();
}

std::vector<std::string> prepare_and_make(Composer& composer, const CommandLine& line, const InputPictures& inputs,
                                          const Recipe* recorded, WorkWatch& watch) {
  watch.begin_load(composer, kPathsAllowed);
  tell_estimate(composer, line.request, inputs, watch);
  watch.begin_load(composer, kPathsAllowed);
  const PreparedRequest prepared = composer.prepare(line.request, kPathsAllowed, inputs);
  note_interrupts();
  std::vector<std::string> warnings = prepared.warnings;
  const Recipe made_with = make_pictures(composer, prepared, line, watch, warnings);
  if (recorded != nullptr)
    for (const std::string& difference : differences(*recorded, made_with)) warnings.push_back(difference);
  return warnings;
}

}  // namespace

int run_generate(Composer& composer, CommandLine line, const Recipe* recorded) {
  std::vector<std::string> warnings;
  const InputPictures inputs = read_named_pictures(line.image, line.mask, line.request, warnings);
  do_watched(line.request, [&](WorkWatch& watch) {
    for (std::string& warning : prepare_and_make(composer, line, inputs, recorded, watch))
      warnings.push_back(std::move(warning));
  });
  for (const std::string& warning : warnings) std::cerr << "warning: " << on_indented_lines(warning) << "\n";
  return kExitOk;
}

}  // namespace alice
