#include "core/host/guided_network.h"

#include "tests/host/every_scheduler.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Predicts the mean of a row's tokens everywhere, and writes down how it was asked.
struct Asked {
  int64_t rows;
  double t;
  bool keeps_depth;
};

class PlainRun : public ShortcutRun {
 public:
  PlainRun(Tensor tokens, std::vector<Asked>& log) : tokens_(std::move(tokens)), log_(log) {}
  Tensor predict(const Tensor& x, const Tensor& t) override { return answer(x, t, false); }
  Tensor predict_with_kept_depth(const Tensor& x, const Tensor& t) override { return answer(x, t, true); }

 private:
  Tensor answer(const Tensor& x, const Tensor& t, bool keeps_depth) {
    log_.push_back({x.size(0), t[0].item<double>(), keeps_depth});
    return tokens_.flatten(1).mean(1).view({-1, 1, 1, 1}).expand_as(x);
  }

  Tensor tokens_;
  std::vector<Asked>& log_;
};

class PlainUNet : public UNet {
 public:
  const UNetInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { throw std::logic_error("has no weights"); }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    return std::make_unique<PlainRun>(conditioning.at("tokens"), log);
  }
  std::shared_ptr<const UNet> patched(const Deltas&) const override { throw std::logic_error("has no weights"); }

  mutable std::vector<Asked> log;

 private:
  UNetInfo info_;
};

class QuickUNet final : public PlainUNet, public UNetShortcuts {
 public:
  std::unique_ptr<ShortcutRun> prepare_shortcuts(const Conditioning& conditioning,
                                                 const ShortcutOptions&) const override {
    return std::make_unique<PlainRun>(conditioning.at("tokens"), log);
  }
  const void* extension(const char* name) const override {
    return std::string(name) == kUNetShortcuts ? static_cast<const UNetShortcuts*>(this) : nullptr;
  }
};

/// Ten steps from t = 1000 down by 100, each at alpha 0.6 and sigma 0.8.
Plan ten_steps() {
  Plan plan;
  for (int k = 0; k <= 10; ++k) plan.levels.push_back({0.6, 0.8, 1000.0 - 100 * k});
  return plan;
}

/// One row of `length` tokens.
Conditioning told(double value, int64_t length = 1) {
  return {{"tokens", at::full({1, length, 1}, value, at::kFloat)}};
}

/// Negative conditioning 1, positive 3.
TextRows two_rows() { return {told(1), told(3)}; }

/// One call a step; the estimates.
std::vector<double> estimates(GuidedNetwork& network) {
  std::vector<double> all;
  const Plan plan = ten_steps();
  for (size_t k = 0; k < plan.steps(); ++k) {
    const Tensor x = at::full({1, 4, 2, 2}, 1.0 + static_cast<double>(k));
    network.pass(x, plan.levels[k]);
    all.push_back(network.denoise(x, plan.levels[k]).max().item<double>());
  }
  return all;
}

std::string shape_of(const std::vector<Asked>& log) {
  std::string shape;
  for (const Asked& asked : log) shape += (asked.keeps_depth ? "k" : "w") + std::to_string(asked.rows) + " ";
  return shape;
}

Guidance guidance_of(double start, double end) {
  Guidance guidance;
  guidance.scale = 5, guidance.start = start, guidance.end = end;
  return guidance;
}

/// Answers the first `count` calls from `known`, as a record does, and keeps all answers.
WrapDenoise replay(const std::vector<Tensor>& known, size_t count, std::vector<Tensor>& answers) {
  return [&known, count, &answers](Denoise network) {
    return [&known, count, &answers, network](const Tensor& x, const Level& level) {
      answers.push_back(answers.size() < count ? known[answers.size()] : network(x, level));
      return answers.back();
    };
  };
}

}  // namespace

TEST_CASE("guidance counts on its share of the steps, and elsewhere the prompt alone is asked") {
  const auto unet = std::make_shared<PlainUNet>();
  GuidedNetwork network(unet, two_rows(), guidance_of(0.2, 0.6), {}, NoiseModel({}), ten_steps());
  const std::vector<double> all = estimates(network);
  CHECK(shape_of(unet->log) == "w1 w1 w2 w2 w2 w2 w1 w1 w1 w1 ");
  for (size_t k = 0; k < all.size(); ++k) {
    const double prediction = k >= 2 && k < 6 ? 1 + 5 * (3 - 1) : 3;
    CHECK(all[k] == Approx((1.0 + static_cast<double>(k) - 0.8 * prediction) / 0.6).epsilon(1e-6));
  }
}

TEST_CASE("the deep part is computed every so many steps, and anew where guidance begins and ends") {
  const auto unet = std::make_shared<QuickUNet>();
  GuidedNetwork network(unet, two_rows(), guidance_of(0, 0.5), {3, 0}, NoiseModel({}), ten_steps());
  estimates(network);
  CHECK(shape_of(unet->log) == "w2 k2 k2 w2 k2 w1 k1 k1 w1 k1 ");
  for (size_t k = 0; k < unet->log.size(); ++k) CHECK(unet->log[k].t == 1000.0 - 100.0 * static_cast<double>(k));
}

TEST_CASE("parts of a prompt count with their weights, and where guidance does not count against the first") {
  const auto unet = std::make_shared<PlainUNet>();
  Guidance guidance = guidance_of(0, 0.5);
  guidance.scale = 8, guidance.parts = {1, 0.5};
  REQUIRE(guidance.rows() == 3);
  GuidedNetwork network(unet, TextRows{told(1), told(3), told(4)}, guidance, {}, NoiseModel({}), ten_steps());
  const std::vector<double> all = estimates(network);
  CHECK(shape_of(unet->log) == "w3 w3 w3 w3 w3 w2 w2 w2 w2 w2 ");
  for (size_t k = 0; k < all.size(); ++k) {
    // u + 8 (a - u) + 4 (b - u); without u: a + 4 (b - a)
    const double prediction = k < 5 ? 1 + 8 * (3 - 1) + 4 * (4 - 1) : 3 + 4 * (4 - 3);
    CHECK(all[k] == Approx((1.0 + static_cast<double>(k) - 0.8 * prediction) / 0.6).epsilon(1e-6));
  }
}

TEST_CASE("rows of tokens of other lengths are repeated to a common one") {
  const Conditioning all = stacked({told(1, 2), told(3, 3)});
  CHECK(all.at("tokens").sizes().vec() == std::vector<int64_t>{2, 6, 1});
  const Tensor two = at::tensor({1.f, 2.f}).view({1, 2, 1}), three = at::tensor({3.f, 4.f, 5.f}).view({1, 3, 1});
  CHECK(stacked({{{"tokens", two}}, {{"tokens", three}}})
            .at("tokens")
            .equal(at::tensor({1.f, 2.f, 1.f, 2.f, 1.f, 2.f, 3.f, 4.f, 5.f, 3.f, 4.f, 5.f}).view({2, 6, 1})));
}

TEST_CASE("what is told changes by calls: the first stretch lasts one call more than its number") {
  const auto unet = std::make_shared<QuickUNet>();
  Course course;
  course.told = {TextRows{told(1), told(3)}, TextRows{told(1), told(5)}};
  course.stretches = {{2, 0}, {4, 1}, {10, 0}};
  const auto told_at = [&](size_t before) {
    GuidedNetwork network(unet, course, guidance_of(0, 1), {4, 0}, NoiseModel({}), ten_steps(), before);
    std::string told;
    const std::vector<double> all = estimates(network);
    for (size_t k = 0; k < all.size(); ++k) {
      const double prediction = (1.0 + static_cast<double>(k) - 0.6 * all[k]) / 0.8;
      told += std::to_string(std::lround((prediction - 1) / 5 + 1));
    }
    return told;
  };
  CHECK(told_at(0) == "3335533333");
  CHECK(told_at(2) == "3553333333");  // another network has made two calls
  unet->log.clear();
  told_at(0);
  CHECK(shape_of(unet->log) == "w2 k2 k2 w2 w2 w2 k2 k2 w2 k2 ");  // the deep part belongs to what was told
}

TEST_CASE("a sampler that asks twice at a level, or between two, does not upset the count") {
  const auto unet = std::make_shared<QuickUNet>();
  const Plan plan = ten_steps();
  GuidedNetwork network(unet, two_rows(), guidance_of(0, 1), {2, 0}, NoiseModel({}), plan);
  const Tensor x = at::ones({1, 4, 2, 2});
  for (const double t : {1000.0, 900.0, 900.0, 850.0, 800.0, 800.0, 700.0}) {
    const Level level{0.6, 0.8, t};
    network.pass(x, level);
    network.denoise(x, level);
  }
  CHECK(shape_of(unet->log) == "w2 k2 k2 w2 w2 w2 k2 ");  // 850 is already the third step's
}

TEST_CASE("what was computed before a break is computed again where it is needed, and nothing else") {
  const auto unet = std::make_shared<QuickUNet>();
  const Plan plan = ten_steps();
  GuidedNetwork network(unet, two_rows(), guidance_of(0, 1), {4, 0}, NoiseModel({}), plan);
  for (size_t k = 0; k < 8; ++k) {
    const Tensor x = at::full({1, 4, 2, 2}, static_cast<double>(k));
    network.pass(x, plan.levels[k]);
    if (k >= 6) network.denoise(x, plan.levels[k]);  // a record has answered those before
  }
  CHECK(shape_of(unet->log) == "w2 k2 k2 ");
  CHECK(unet->log[0].t == 600);  // the whole call of the fifth step, whose depth the seventh keeps
}

TEST_CASE("a UNet that cannot leave out its work is told so") {
  const auto unet = std::make_shared<PlainUNet>();
  const auto make = [&](const Shortcuts& shortcuts) {
    GuidedNetwork(unet, two_rows(), guidance_of(0, 1), shortcuts, NoiseModel({}), ten_steps());
  };
  CHECK(error_of([&] { make({2, 0}); }).place() == "/deepcache_interval");
  CHECK(error_of([&] { make({1, 0.5}); }).place() == "/token_merging_ratio");
}

TEST_CASE("a run with shortcuts that is broken off goes on with the same bits, with every scheduler") {
  Composer composer(golden_models(), built_in_registry());
  for (const SchedulerFactory* factory : schedulers_of_noise()) {
    GenerateRequest request = small_request(kFolderModel);
    request.scheduler = factory->info().id;
    request.steps = 6;
    request.width = 64;
    request.height = 64;
    request.guidance_end = 0.7;
    request.deepcache_interval = 2;
    request.token_merging_ratio = 0.5;
    const PreparedRequest prepared = composer.prepare(request, false);
    std::vector<std::string> warnings;
    const auto run = [&](const std::vector<Tensor>& known, size_t count) {
      std::vector<Tensor> answers;
      GenerateHooks hooks;
      hooks.wrap_denoise = replay(known, count, answers);
      generate(*prepared.model, prepared.settings, hooks, warnings);
      return answers;
    };
    const std::vector<Tensor> whole = run({}, 0);
    for (size_t count = 1; count < whole.size(); ++count) {
      INFO(factory->info().id << ", broken off after " << count << " of " << whole.size() << " calls");
      const std::vector<Tensor> again = run(whole, count);
      REQUIRE(again.size() == whole.size());
      for (size_t k = count; k < whole.size(); ++k) CHECK(again[k].equal(whole[k]));
    }
  }
}

TEST_CASE("each shortcut changes the picture, a little, and none of them is on unless it is asked for") {
  Composer composer(golden_models(), built_in_registry());
  const GenerateRequest plain = small_request(kFolderModel);
  GenerateRequest said = plain, guided = plain, shallow = plain, merged = plain;
  said.guidance_start = 0, said.guidance_end = 1, said.deepcache_interval = 1, said.token_merging_ratio = 0;
  guided.guidance_end = 0.75;
  shallow.deepcache_interval = 2;
  merged.token_merging_ratio = 0.5;
  const Tensor picture = pictures(composer, plain).at(0);
  CHECK(pictures(composer, said).at(0).equal(picture));
  for (const GenerateRequest& request : {guided, shallow, merged}) {
    const Tensor other = pictures(composer, request).at(0);
    CHECK_FALSE(other.equal(picture));
    CHECK((other.to(at::kFloat) - picture.to(at::kFloat)).abs().mean().item<double>() < 32);
  }
}

TEST_CASE("guidance that ends before it begins is refused, and an interval without guidance is remarked on") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.guidance_start = 0.5, request.guidance_end = 0.5;
  CHECK(error_of([&] { composer.prepare(request, false); }).place() == "/guidance_end");
  request.guidance_end = 0.6, request.guidance_scale = 1;
  const PreparedRequest prepared = composer.prepare(request, false);
  REQUIRE(prepared.warnings.size() == 1);
  CHECK(says(prepared.warnings[0], "/guidance_start"));
}
