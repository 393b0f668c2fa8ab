#include "server/worker/compat/compat.h"

#include <c10/core/InferenceMode.h>

#include "compat_scope_text.h"

namespace alice {
namespace {

std::set<std::string> names(const Json& list) { return list.get<std::set<std::string>>(); }

ModelFiles part_files(CompatRun& run, const std::string& family, const std::string& part) {
  const std::filesystem::path model = run.golden.model(family);
  std::error_code status;
  if (!std::filesystem::is_directory(model, status))
    throw Error(ErrorCode::not_found, model.string(), "the golden folder has no such model");
  return open_part(model, part);
}

template <class Part>
std::shared_ptr<const Part> load(CompatRun& run, const Factories<ModelFactory<Part>>& factories, ModelFiles files) {
  const PartChoice<Part> choice = choose_part(factories, std::move(files), PartConfig{});
  if (!choice.recognition.faults.empty()) throw Error(ErrorCode::bad_weights, choice.recognition.faults);
  return choice.load(run.composer.backend(run.composer.config().default_backend));
}

}  // namespace

CompatScope CompatScope::built_in() {
  const Json scope = parse_json(kCompatScopeText, "config/compat_scope.json");
  return {names(scope.at("parts")), names(scope.at("families")), names(scope.at("schedulers"))};
}

CompatCase::CompatCase(std::string part, std::string id) {
  result_.part = std::move(part);
  result_.id = std::move(id);
}

void CompatCase::fail(const std::string& sentence) {
  result_.status = CaseStatus::failed;
  result_.sentence += (result_.sentence.empty() ? "" : "; ") + sentence;
}

void CompatCase::measured(const std::string& name, double error, double tolerance) {
  const bool good = error <= tolerance;  // false for NaN
  const bool worst = !result_.error || !good || error / tolerance > *result_.error / *result_.tolerance;
  if (worst) result_.error = error, result_.tolerance = tolerance;
  if (good) return;
  fail(name + " differs by " + dump_json(error) + ", allowed " + dump_json(tolerance));
}

void CompatCase::close(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance) {
  if (ours.sizes() != golden.sizes())
    return fail(name + " has shape " + shape_text(ours.sizes().vec()) + ", the golden " +
                shape_text(golden.sizes().vec()));
  const double error = ours.numel() ? (ours.to(at::kDouble) - golden.to(at::kDouble)).abs().max().item<double>() : 0;
  measured(name, error, tolerance);
}

void CompatCase::close_relative(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance) {
  const double largest = golden.numel() ? golden.to(at::kDouble).abs().max().item<double>() : 0;
  const double scale = largest > 0 ? largest : 1;
  close(name, ours.to(at::kDouble) / scale, golden.to(at::kDouble) / scale, tolerance);
}

void CompatCase::equal(const std::string& name, const Tensor& ours, const Tensor& golden) {
  if (ours.sizes() != golden.sizes())
    return fail(name + " has shape " + shape_text(ours.sizes().vec()) + ", the golden " +
                shape_text(golden.sizes().vec()));
  if (!ours.equal(golden))
    return fail(name + " is not equal in " + std::to_string(ours.ne(golden).sum().item<int64_t>()) + " places");
  if (!result_.error) result_.error = 0, result_.tolerance = 0;
}

void run_case(CompatRun& run, const std::string& part, const std::string& id, bool in_scope,
              const std::function<void(CompatCase&)>& body) {
  in_scope = in_scope && run.scope.parts.count(part);
  CompatCase one(part, id);
  try {
    body(one);
    run.report.add(one.result());
  } catch (const Skip& skip) {
    run.report.skip(part, id, skip.reason, in_scope);
  } catch (const std::exception& e) {
    run.report.fail(part, id, e.what());
  }
}

std::shared_ptr<const TextEncoder> load_text_encoder(CompatRun& run, const std::string& family,
                                                     const std::string& part) {
  return load(run, run.composer.registry().of<TextEncoderFactory>(), part_files(run, family, part));
}
std::shared_ptr<const UNet> load_unet(CompatRun& run, const std::string& family) {
  return load(run, run.composer.registry().of<UNetFactory>(), part_files(run, family, "unet"));
}
std::shared_ptr<const Vae> load_vae(CompatRun& run, const std::string& family) {
  return load(run, run.composer.registry().of<VaeFactory>(), part_files(run, family, "vae"));
}

Report check_compat(Composer& composer, const std::filesystem::path& golden_folder, const std::filesystem::path& out) {
  const c10::InferenceMode no_gradients;
  Golden golden(golden_folder);
  Report report;
  CompatRun run{composer, golden, report, CompatScope::built_in()};
  const std::vector<std::pair<std::string, void (*)(CompatRun&)>> parts = {
      {"tokenizer", check_tokenizer}, {"rng", check_rng},      {"text", check_text},
      {"unet", check_unet},           {"vae", check_vae},      {"schedulers", check_schedulers},
      {"lora", check_lora},           {"images", check_images}};
  for (const auto& [name, check] : parts) {
    if (!golden.has(name)) continue;
    try {
      check(run);
    } catch (const std::exception& e) {  // its files cannot be read: no case could be made
      report.fail(name, "files", e.what());
    }
  }
  if (!out.empty()) golden.write_kept(out);
  return report;
}

}  // namespace alice
