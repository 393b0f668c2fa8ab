// Networks that lack parts of SD 1.x's or have more, against the reference (tools/goldens/unet_variants.py).

#include "core/base/text.h"
#include "tests/models/goldens.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr int64_t kGuidanceWidth = 16;
constexpr int64_t kNormGroups =
    8;  // with one a channel, as the model has them, every norm takes off what the time adds

Tensor reference(const std::string& name) {
  static const auto file = SafetensorsFile::open(ALICE_TEST_DATA "/reference/unet_variants.safetensors");
  return file->tensor(name);
}

Tensor predict(const ModelFiles& files, Conditioning conditioning = {}) {
  const auto unet = load(unet_factory(), files);
  conditioning["tokens"] = reference("context");
  return unet->prepare(conditioning)->predict(reference("sample"), reference("timestep"));
}

/// The small model without the tensors that `lacks` says true of, and with these settings.
template <class Lacks>
ModelFiles variant(Lacks lacks, const Json& settings) {
  ModelFiles files = part_of("tiny_sd15", "unet");
  auto tensors = copies_of(files);
  for (auto it = tensors.begin(); it != tensors.end();) it = lacks(it->first) ? tensors.erase(it) : std::next(it);
  files.config.update(settings);
  return with_tensors(files, std::move(tensors));
}

/// The small model, told the guidance scale through `projection`.
ModelFiles told(const Tensor& projection) {
  ModelFiles files = part_of("tiny_sd15", "unet");
  auto tensors = copies_of(files);
  tensors["time_embedding.cond_proj.weight"] = projection;
  files.config["time_cond_proj_dim"] = kGuidanceWidth;
  files.config["norm_num_groups"] = kNormGroups;
  return with_tensors(files, std::move(tensors));
}

Conditioning guidance(double scale) { return {{kGuidanceScale, at::full({1, 1}, scale, at::kDouble)}}; }

}  // namespace

TEST_CASE("networks without a middle block, or with a residual one, give the reference's predictions") {
  const auto is_middle = [](const std::string& name) { return starts_with(name, "mid_block."); };
  const Tensor without = predict(variant(is_middle, {{"mid_block_type", nullptr}}));
  CHECK(largest_difference(without, reference("no_middle/out")) < kComponentTolerance);
  const auto is_beyond_first = [&](const std::string& name) {
    return is_middle(name) && !starts_with(name, "mid_block.resnets.0.");
  };
  const Tensor residual = predict(variant(is_beyond_first, {{"mid_block_type", "UNetMidBlock2D"}}));
  CHECK(largest_difference(residual, reference("residual_middle/out")) < kComponentTolerance);
  CHECK(largest_difference(without, residual) > 100 * kComponentTolerance);  // the comparison can tell them apart
}

TEST_CASE("in a single file the middle block is known by its names") {
  const auto middle_of = [](const std::string& kept) {
    ModelFiles files = part_of("tiny_sd15.safetensors", "unet");
    auto tensors = copies_of(files);
    for (auto it = tensors.begin(); it != tensors.end();) {
      const bool is_middle = starts_with(it->first, "model.diffusion_model.middle_block.");
      it = is_middle && (kept.empty() || !starts_with(it->first, kept)) ? tensors.erase(it) : std::next(it);
    }
    files = with_tensors(files, std::move(tensors));
    files.config = nullptr;
    return unet_factory().recognise(files)->config.at("mid_block_type");
  };
  CHECK(middle_of("model.diffusion_model.middle_block.") == "UNetMidBlock2DCrossAttn");
  CHECK(middle_of("model.diffusion_model.middle_block.0.") == "UNetMidBlock2D");
  CHECK(middle_of("").is_null());
}

TEST_CASE("a network that is told the guidance scale takes it as the reference's pipeline gives it") {
  const Tensor projection =
      at::sin(at::arange(32 * kGuidanceWidth, at::kDouble)).to(at::kFloat).view({32, kGuidanceWidth});
  for (const auto& [scale, name] : {std::pair(1.0, "told_1.0/out"), {7.3, "told_7.3/out"}}) {
    CAPTURE(scale);
    CHECK(largest_difference(predict(told(projection), guidance(scale)), reference(name)) < kComponentTolerance);
  }
  CHECK(largest_difference(reference("told_1.0/out"), reference("told_7.3/out")) > 100 * kComponentTolerance);
  const auto unet = load(unet_factory(), told(projection));
  CHECK(unet->info().further_conditioning == std::map<std::string, int64_t>{{kGuidanceScale, 1}});
  CHECK(says(error_of([&] { predict(told(projection)); }).sentence(), "'guidance_scale' is missing"));
}

TEST_CASE("a projection of zeros leaves the network as it is without") {
  ModelFiles without = part_of("tiny_sd15", "unet");
  without.config["norm_num_groups"] = kNormGroups;
  CHECK(at::equal(predict(told(at::zeros({32, kGuidanceWidth})), guidance(8)), predict(without)));
}

TEST_CASE("the side that diffusers before 0.9.0 wrote by mistake is 64, as in the reference's pipeline") {
  const auto side_of = [](const Json& settings, size_t warnings) {
    ModelFiles files = part_of("tiny_sd15", "unet");
    files.config.update(settings);
    const auto recognition = unet_factory().recognise(files);
    CHECK(recognition->warnings.size() == warnings);
    return recognition->facts.at("native_latent_size").get<int64_t>();
  };
  CHECK(side_of({{"_diffusers_version", "0.6.0"}, {"sample_size", 4}}, 1) == 64);
  CHECK(side_of({{"_diffusers_version", "0.8.1.dev0"}, {"sample_size", 32}}, 1) == 64);
  CHECK(side_of({{"_diffusers_version", "0.6.0"}, {"sample_size", 96}}, 0) == 96);
  CHECK(side_of({{"_diffusers_version", "0.9.0"}, {"sample_size", 32}}, 0) == 32);
  CHECK(side_of({{"_diffusers_version", "0.10.2"}, {"sample_size", 32}}, 0) == 32);
  CHECK(side_of({{"_diffusers_version", "1.0.0"}, {"sample_size", 32}}, 0) == 32);
  CHECK(side_of({{"_diffusers_version", "odd"}, {"sample_size", 32}}, 0) == 32);
}
