#include "server/worker/check/model_checks.h"

#include <c10/core/InferenceMode.h>

#include "core/base/one_line.h"
#include "core/host/make/generate.h"
#include "core/host/model_facts.h"
#include "core/host/model_sketch.h"
#include "core/math/noise_source.h"

namespace alice {
namespace {

constexpr bool kPathsAllowed = true;
constexpr int64_t kInferSteps = 3;
constexpr int64_t kColours = 3;
constexpr int64_t kLoadedLatents = 8;   // a side of what the encoder is tried with
constexpr double kFlatDeviation = 1.0;  // levels of 255: less is one colour with noise of rounding

/// Runs `body` as one case; what it throws is the case's failure.
template <class Body>
bool run_case(Report& report, const std::string& part, const std::string& id, Body body) {
  try {
    body();
    report.pass(part, id);
    return true;
  } catch (const std::exception& e) {
    report.fail(part, id, e.what());
    return false;
  }
}

template <class Part>
void add_part(Report& report, const std::string& id, const PartChoice<Part>& choice) {
  if (choice.recognition.faults.empty()) return report.pass("model", id);
  for (const Fault& fault : choice.recognition.faults) report.fail("model", id, fault.place + ": " + fault.sentence);
}

/// The files beside the weights: a vocabulary, read as loading would.
template <class Part>
void try_assets(Report& report, const std::string& id, const PartChoice<Part>& choice) {
  const auto* reader = static_cast<const AssetReader*>(choice.factory->extension(kAssetReader));
  if (reader == nullptr || !choice.recognition.faults.empty()) return;
  run_case(report, "model", id + " files", [&] { reader->read_assets(choice.files, choice.recognition); });
}

/// Do the parts belong together? What they say of themselves is known from their shapes. A plugin that wants numbers,
/// too, is tried when the model is loaded.
void try_fit(Report& report, const Composer& composer, const Blueprint& blueprint) {
  try {
    sketch_model(blueprint, composer.backend(blueprint.backend));
  } catch (const Error& e) {
    if (e.code() == ErrorCode::bad_weights || e.code() == ErrorCode::unsupported)
      return report.fail("model", "parts together", e.what());
  } catch (const std::exception&) {
    return;
  }
  report.pass("model", "parts together");
}

void add_left_over(Report& report, const Blueprint& blueprint) {
  size_t of_parts = 0;
  blueprint.parts.each([&](const std::string&, const auto& choice) { of_parts += choice.recognition.faults.size(); });
  for (size_t i = of_parts; i < blueprint.faults.size(); ++i)
    report.fail("model", "file", blueprint.faults[i].place + ": " + blueprint.faults[i].sentence);
}

/// {"from": what a request must hold beside its prompt, "size": "512x512" that it was trained for, or "",
/// "prediction": what the network predicts}.
Json what_it_draws(const Blueprint& blueprint, const NoiseModel& noise_model) {
  const bool needs_mask = blueprint.facts.value("needs_mask", false);
  const char* from = needs_mask ? "a picture and a mask (inpainting)"
                                : needs_picture(blueprint) ? "a picture (editing)" : "text";
  const PictureSize& native = blueprint.size.native;
  return {{"from", from},
          {"size", native.is_known() ? to_text(native) : ""},
          {"prediction", noise_model_options().write(noise_model.options()).at("prediction_type")}};
}

/// "draws from text at 512x512; the network predicts epsilon".
std::string draws_text(const Json& draws) {
  const auto size = draws.at("size").get<std::string>();
  return "draws from " + draws.at("from").get<std::string>() + (size.empty() ? "" : " at " + size) +
         "; the network predicts " + draws.at("prediction").get<std::string>() + "\n";
}

}  // namespace

Report check_model(const Composer& composer, const std::string& name, Json& facts) {
  Report report;
  try {
    const auto plan = composer.blueprint(name, kPathsAllowed);
    const Blueprint& blueprint = *plan;
    facts = describe_blueprint(blueprint);
    blueprint.parts.each([&](const std::string& role, const auto& choice) { add_part(report, role, choice); });
    blueprint.parts.each([&](const std::string& role, const auto& choice) { try_assets(report, role, choice); });
    add_left_over(report, blueprint);
    if (blueprint.faults.empty()) try_fit(report, composer, blueprint);
    run_case(report, "model", "scheduler", [&] {
      const ChosenScheduler chosen =
          choose_scheduler(composer.registry(), blueprint.scheduler, "", Json::object());
      facts["draws"] = what_it_draws(blueprint, *chosen.noise_model);
    });
  } catch (const std::exception& e) {
    report.fail("model", "files", e.what());
  }
  return report;
}

Report check_load(Composer& composer, const std::string& name) {
  const c10::InferenceMode no_gradients;
  Report report;
  std::shared_ptr<const Model> model;
  run_case(report, "load", name, [&] { model = composer.compose(name, kPathsAllowed); });
  if (model && model->vae->info().can_encode)
    run_case(report, "load", "vae encoder", [&] {
      const int64_t side = kLoadedLatents * model->vae->info().reduction;
      model->vae->encode(at::zeros({1, kColours, side, side}));
    });
  return report;
}

Report check_infer(Composer& composer, const std::string& name) {
  const c10::InferenceMode no_gradients;
  Report report;
  PreparedRequest prepared;
  Tensor latents;
  const bool composed = run_case(report, "infer", "compose", [&] {
    GenerateRequest request;
    request.model = name;
    request.prompt = "a photograph of a cat";
    request.steps = kInferSteps;
    request.seed = 0;
    if (needs_picture(*composer.blueprint(name, kPathsAllowed))) name_grey_pictures(request);
    prepared = composer.prepare(request, kPathsAllowed, grey_pictures());
  });
  const bool denoised =
      composed && run_case(report, "infer", "denoise", [&] {
        SeededNoise noise({prepared.settings.seed});
        const Settings& settings = prepared.settings;
        const Course texts = encode(*prepared.model, settings, 1, prepared.warnings);
        const Start start =
            Beginning(*prepared.model, settings, pixels_of(read_pictures(settings, prepared.warnings)))
                .start(1, plan_of(settings), noise);
        latents = denoise(*prepared.model, settings, with_beside(texts, start.beside, settings.guidance), start, noise,
                          [](size_t done, size_t total, const Tensor& x) {
                            if (!at::isfinite(x).all().item<bool>())
                              throw Error(ErrorCode::internal,
                                          "step " + std::to_string(done) + " of " + std::to_string(total),
                                          "the latents hold numbers that are not finite");
                          });
      });
  if (denoised)
    run_case(report, "infer", "decode", [&] {
      const double deviation = decode(*prepared.model, latents).to(at::kDouble).std().item<double>();
      if (deviation < kFlatDeviation)
        throw Error(ErrorCode::internal, name,
                    "the picture is flat: its levels deviate by " + std::to_string(deviation) + " of 255");
    });
  return report;
}

std::string facts_text(const Json& facts) {
  if (!facts.is_object()) return "";
  std::string text =
      on_one_line(facts.at("id").get<std::string>() + " (" + facts.at("source").get<std::string>() + ")") + "\n";
  text += "family " + facts.at("family").at("plugin").get<std::string>() + ": " +
          facts.at("family").at("kind").get<std::string>() + "\n";
  if (facts.contains("draws")) text += draws_text(facts.at("draws"));
  for (const auto& part : facts.at("parts").items()) {
    const Json& one = part.value();
    text += part.key() + ": " + on_one_line(one.at("kind").get<std::string>()) + "\n  layout " +
            one.at("layout").get<std::string>() + ", " + std::to_string(one.at("tensors").get<size_t>()) + " tensors\n";
    for (const char* facts_of : {"facts", "words"})
      if (one.at(facts_of).is_object())
        for (const auto& fact : one.at(facts_of).items())
          text += "  " + on_one_line(fact.key() + ": " + dump_json(fact.value())) + "\n";
  }
  const Json& scheduler = facts.at("scheduler_config");
  if (scheduler.is_object()) {
    text += "scheduler\n";
    for (const char* key : {"_class_name", "prediction_type", "beta_schedule", "timestep_spacing"})
      if (scheduler.contains(key))
        text += "  " + std::string(key) + ": " + on_one_line(dump_json(scheduler.at(key))) + "\n";
  }
  return text;
}

}  // namespace alice
