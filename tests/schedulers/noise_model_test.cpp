// The noise schedule of the training.

#include "core/math/noise_model.h"

#include <cmath>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

NoiseModelOptions options_from(const Json& json) {
  Faults faults;
  const auto options = noise_model_options().read(json, UnknownKeys::fault, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_config);
  return options;
}

TEST_CASE("the share of signal is the product of what each step leaves") {
  const NoiseModel model(options_from({{"beta_start", 0.001}, {"beta_end", 0.01}, {"num_train_timesteps", 10}}));
  double product = 1;
  for (int t = 0; t < 10; ++t) {
    product *= 1 - (0.001 + 0.001 * t);
    CHECK(model.alphas_cumprod()[static_cast<size_t>(t)] == Approx(product));
  }
}

TEST_CASE("scaled_linear is linear in the root of beta") {
  const NoiseModel model(options_from(
      {{"beta_schedule", "scaled_linear"}, {"beta_start", 0.01}, {"beta_end", 0.09}, {"num_train_timesteps", 3}}));
  CHECK(model.alphas_cumprod()[0] == Approx(1 - 0.01));
  CHECK(model.alphas_cumprod()[1] == Approx((1 - 0.01) * (1 - 0.04)));
  CHECK(model.alphas_cumprod()[2] == Approx((1 - 0.01) * (1 - 0.04) * (1 - 0.09)));
}

TEST_CASE("the cosine and exponential schedules follow their formulas until betas are capped") {
  const NoiseModel cosine(options_from({{"beta_schedule", "squaredcos_cap_v2"}}));
  const NoiseModel exponential(options_from({{"beta_schedule", "exp"}}));
  const auto cosine_share = [](double t) { return std::pow(std::cos((t + 0.008) / 1.008 * std::acos(-1.0) / 2), 2); };
  for (const size_t t : {0, 100, 500, 900}) {
    const double share = static_cast<double>(t + 1) / 1000;
    CHECK(cosine.alphas_cumprod()[t] == Approx(cosine_share(share) / cosine_share(0)).epsilon(1e-4));
    CHECK(exponential.alphas_cumprod()[t] == Approx(std::exp(-12 * share)).epsilon(1e-4));
  }
}

TEST_CASE("trained betas replace the schedule, and there must be one a training step") {
  const NoiseModel model(options_from({{"trained_betas", {0.1, 0.2}}, {"num_train_timesteps", 2}}));
  CHECK(model.train_steps() == 2);
  CHECK(model.alphas_cumprod()[1] == Approx(0.9 * 0.8));
  CHECK_THROWS_WITH(NoiseModel(options_from({{"trained_betas", {0.1, 0.2}}})),
                    Catch::Contains("2 values") && Catch::Contains("1000"));
}

TEST_CASE("a zero terminal SNR ends in pure noise and keeps the first step") {
  const NoiseModel plain(options_from(Json::object())), rescaled(options_from({{"rescale_betas_zero_snr", true}}));
  CHECK(rescaled.alphas_cumprod().back() == 0);
  CHECK(rescaled.alphas_cumprod().front() == Approx(plain.alphas_cumprod().front()));
  CHECK(std::isfinite(rescaled.sigmas().back()));
}

TEST_CASE("sigma is the ratio of noise to signal, and rises") {
  const NoiseModel model(options_from(Json::object()));
  const std::vector<double> sigmas = model.sigmas();
  for (size_t t = 0; t < sigmas.size(); ++t) {
    const double abar = model.alphas_cumprod()[t];
    CHECK(sigmas[t] == Approx(std::sqrt((1 - abar) / abar)));
    if (t > 0) CHECK(sigmas[t] > sigmas[t - 1]);
  }
}

TEST_CASE("betas that make no schedule are errors that say at which step") {
  CHECK_THROWS_WITH(NoiseModel(options_from({{"beta_start", 0}})), Catch::Contains("step 0"));
  CHECK_THROWS_WITH(NoiseModel(options_from({{"beta_start", 1}})), Catch::Contains("step 0"));
  CHECK_THROWS_WITH(NoiseModel(options_from({{"trained_betas", {0.1, 0, 0.1}}, {"num_train_timesteps", 3}})),
                    Catch::Contains("step 1"));
  CHECK_THROWS_AS(NoiseModel(options_from({{"beta_start", 1}, {"beta_end", 1}, {"rescale_betas_zero_snr", true}})),
                  Error);
}

}  // namespace
}  // namespace alice::test
