#include <algorithm>
#include <mutex>
#include <thread>

#include "tests/models/goldens.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

Tensor log_variance(const LatentDistribution& latents, const VaeInfo& info) {
  return 2 * (latents.deviation / info.scaling_factor).log();
}

/// The tensors of another source, and who was asked for.
class WatchedWeights final : public WeightSource {
 public:
  explicit WatchedWeights(std::shared_ptr<const WeightSource> source) : source_(std::move(source)) {}
  const TensorIndex& index() const override { return source_->index(); }
  Tensor tensor(const std::string& name) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++asked_[name];
    return source_->tensor(name);
  }
  /// How often, of the tensors whose names begin with `prefix`; by name.
  std::map<std::string, int> asked(const std::string& prefix) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::map<std::string, int> found;
    for (const auto& [name, times] : asked_)
      if (name.compare(0, prefix.size(), prefix) == 0) found[name] = times;
    return found;
  }

 private:
  const std::shared_ptr<const WeightSource> source_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, int> asked_;
};

}  // namespace

TEST_CASE("the VAE gives the reference's moments and pixels") {
  const Golden golden("vae/vae.safetensors");
  for (const char* model : {"tiny_sd15", "tiny_sd15.safetensors", "tiny_sdxl"}) {
    const auto vae = load(vae_factory(), part_of(model, "vae"));
    const VaeInfo info = vae->info();
    CHECK(info.reduction == 8);
    CHECK(info.scaling_factor == (std::string(model) == "tiny_sdxl" ? 0.13025 : 0.18215));
    for (const std::string key : {"sd15/0/", "sd15/1/"}) {
      CAPTURE(model, key);
      const LatentDistribution latents = vae->encode(golden[key + "image"]);
      CHECK(largest_difference(latents.mean / info.scaling_factor, golden[key + "mean"]) < kComponentTolerance);
      CHECK(largest_difference(log_variance(latents, info), golden[key + "logvar"]) < kComponentTolerance);
      CHECK(largest_difference(vae->decode(golden[key + "latent"] * info.scaling_factor), golden[key + "decoded"]) <
            kComponentTolerance);
    }
  }
}

TEST_CASE("the VAE's folder and single file give the same picture to the bit") {
  const Golden golden("vae/vae.safetensors");
  const auto folder = load(vae_factory(), part_of("tiny_sd15", "vae")),
             file = load(vae_factory(), part_of("tiny_sd15.safetensors", "vae"));
  CHECK(at::equal(folder->decode(golden["sd15/0/latent"]), file->decode(golden["sd15/0/latent"])));
  CHECK(at::equal(folder->encode(golden["sd15/1/image"]).mean, file->encode(golden["sd15/1/image"]).mean));
}

TEST_CASE("a batch of pictures equals its pictures alone") {
  at::manual_seed(11);
  for (const char* dtype : {"float32", "bfloat16"}) {
    const auto vae = load(vae_factory(), part_of("tiny_sd15", "vae"), cpu_backend(dtype));
    const Tensor latents = at::randn({4, 4, 5, 7}), pixels = at::rand({4, 3, 40, 56}) * 2 - 1;
    for (int64_t count = 1; count <= 4; ++count) {
      const Tensor decoded = vae->decode(latents.narrow(0, 0, count));
      const LatentDistribution encoded = vae->encode(pixels.narrow(0, 0, count));
      CHECK(decoded.scalar_type() == at::kFloat);
      for (int64_t i = 0; i < count; ++i) {
        CHECK(at::equal(decoded.narrow(0, i, 1), vae->decode(latents.narrow(0, i, 1))));
        CHECK(at::equal(encoded.deviation.narrow(0, i, 1), vae->encode(pixels.narrow(0, i, 1)).deviation));
      }
    }
  }
}

TEST_CASE("loading and decoding prepare no weight of the encoder") {
  ModelFiles files = part_of("tiny_sd15", "vae");
  const auto watched = std::make_shared<WatchedWeights>(files.weights);
  files.weights = watched;
  const auto vae = load(vae_factory(), files);
  vae->decode(Golden("vae/vae.safetensors")["sd15/0/latent"]);
  CHECK_FALSE(watched->asked("decoder.").empty());
  CHECK(watched->asked("encoder.").empty());
  CHECK(watched->asked("quant_conv.").empty());

  vae->encode(at::zeros({1, 3, 16, 16}));
  CHECK_FALSE(watched->asked("encoder.").empty());
  CHECK_FALSE(watched->asked("quant_conv.").empty());
}

TEST_CASE("first encodings from several threads at once prepare the encoder once, and are right") {
  ModelFiles files = part_of("tiny_sd15", "vae");
  const Tensor pixels = Golden("vae/vae.safetensors")["sd15/0/image"];
  const Tensor expected = load(vae_factory(), files)->encode(pixels).mean;
  const auto watched = std::make_shared<WatchedWeights>(files.weights);
  files.weights = watched;
  const auto vae = load(vae_factory(), files);

  std::vector<Tensor> means(4);
  std::vector<std::thread> threads;
  for (Tensor& mean : means) threads.emplace_back([&] { mean = vae->encode(pixels).mean; });
  for (std::thread& thread : threads) thread.join();
  for (const Tensor& mean : means) CHECK(largest_difference(mean, expected) < kComponentTolerance);
  const auto asked = watched->asked("encoder.");
  CHECK_FALSE(asked.empty());
  CHECK(std::all_of(asked.begin(), asked.end(), [](const auto& one) { return one.second == 1; }));
}

TEST_CASE("a damaged weight of the encoder is told at every encoding, and decoding works") {
  const ModelFiles files = part_of("tiny_sd15", "vae");
  auto tensors = copies_of(files);
  tensors.at("encoder.conv_out.weight").flatten()[1] = std::numeric_limits<float>::quiet_NaN();
  const auto vae = load(vae_factory(), with_tensors(files, tensors));
  const Tensor latents = Golden("vae/vae.safetensors")["sd15/0/latent"];
  const Tensor expected = load(vae_factory(), files)->decode(latents);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Error error = error_of([&] { vae->encode(at::zeros({1, 3, 16, 16})); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.sentence(), "'encoder.conv_out.weight' holds NaN"));
    CHECK(at::equal(vae->decode(latents), expected));
  }
}

TEST_CASE("maps of another shape are refused") {
  const auto vae = load(vae_factory(), part_of("tiny_sd15", "vae"));
  CHECK_THROWS_WITH(vae->decode(at::zeros({1, 3, 8, 8})), Catch::Matchers::Contains("[B, 4, H, W] is needed"));
  CHECK_THROWS_WITH(vae->encode(at::zeros({1, 3, 64, 60})), Catch::Matchers::Contains("multiples of 8"));
}

TEST_CASE("older names of the VAE's attention are read too") {
  const ModelFiles files = part_of("tiny_sd15", "vae");
  std::map<std::string, Tensor> renamed;
  for (const auto& [present, tensor] : copies_of(files)) {
    std::string name = present;
    for (const auto& [now, then] : std::map<std::string, std::string>{
             {".to_q.", ".query."}, {".to_k.", ".key."}, {".to_v.", ".value."}, {".to_out.0.", ".proj_attn."}})
      if (const size_t at = name.find(now); at != std::string::npos) name.replace(at, now.size(), then);
    renamed[name] = tensor;
  }
  REQUIRE(renamed.count("decoder.mid_block.attentions.0.proj_attn.weight"));
  const Tensor latents = Golden("vae/vae.safetensors")["sd15/0/latent"];
  CHECK(at::equal(load(vae_factory(), with_tensors(files, renamed))->decode(latents),
                  load(vae_factory(), files)->decode(latents)));
}

TEST_CASE("a VAE under LDM names without a model around it is read, and so is a decoder alone") {
  ModelFiles files = part_of("tiny_sd15.safetensors", "vae");
  const std::string root = "first_stage_model.";
  std::map<std::string, Tensor> alone, decoder;
  for (const auto& [name, tensor] : copies_of(files)) {
    if (name.compare(0, root.size(), root) != 0) continue;
    const std::string own = name.substr(root.size());
    alone[own] = tensor;
    if (own.compare(0, 8, "encoder.") != 0) decoder[own] = tensor;  // quant_conv stays and is passed over
  }
  alone["loss.discriminator.main.0.weight"] = alone["model_ema.decay"] = at::ones({1});
  const Tensor latents = Golden("vae/vae.safetensors")["sd15/0/latent"];
  const Tensor expected = load(vae_factory(), files)->decode(latents);
  files.root.clear();
  CHECK(at::equal(load(vae_factory(), with_tensors(files, alone))->decode(latents), expected));

  const auto half = load(vae_factory(), with_tensors(files, decoder));
  CHECK(at::equal(half->decode(latents), expected));
  CHECK_FALSE(half->info().can_encode);
  CHECK_THROWS_AS(half->encode(at::zeros({1, 3, 64, 64})), Error);

  decoder["encoder.conv_in.weight"] = at::ones({32, 3, 3, 3});  // an encoder of one tensor is a damaged one
  CHECK_THAT(sentences(vae_factory().recognise(with_tensors(files, decoder))->faults),
             Catch::Matchers::Contains("more tensors are missing"));
}

TEST_CASE("a VAE of another number of levels has another reduction") {
  // Random weights of the shapes that a config with two levels asks for.
  ModelFiles files;
  files.place = "made/vae";
  files.config = {{"_class_name", "AutoencoderKL"},
                  {"block_out_channels", {8, 16}},
                  {"norm_num_groups", 4},
                  {"latent_channels", 3},
                  {"use_quant_conv", false},
                  {"use_post_quant_conv", false},
                  {"shift_factor", 0.5},
                  {"scaling_factor", 2.0}};
  at::manual_seed(12);
  std::map<std::string, Tensor> tensors;
  const auto conv = [&](const std::string& name, int64_t out, int64_t in, int64_t kernel) {
    tensors[name + ".weight"] = at::randn({out, in, kernel, kernel}) / std::sqrt(in * kernel * kernel),
                   tensors[name + ".bias"] = at::randn({out});
  };
  const auto norm = [&](const std::string& name, int64_t width) {
    tensors[name + ".weight"] = at::ones({width}), tensors[name + ".bias"] = at::zeros({width});
  };
  const auto resnet = [&](const std::string& name, int64_t in, int64_t out) {
    norm(name + ".norm1", in), conv(name + ".conv1", out, in, 3), norm(name + ".norm2", out),
        conv(name + ".conv2", out, out, 3);
    if (in != out) conv(name + ".conv_shortcut", out, in, 1);
  };
  for (const std::string side : {"encoder.", "decoder."}) {
    resnet(side + "mid_block.resnets.0", 16, 16), resnet(side + "mid_block.resnets.1", 16, 16),
        norm(side + "mid_block.attentions.0.group_norm", 16);
    for (const char* part : {"to_q", "to_k", "to_v", "to_out.0"}) {
      tensors[side + "mid_block.attentions.0." + part + ".weight"] = at::randn({16, 16}) / 4;
      tensors[side + "mid_block.attentions.0." + part + ".bias"] = at::randn({16});
    }
  }
  conv("encoder.conv_in", 8, 3, 3), resnet("encoder.down_blocks.0.resnets.0", 8, 8),
      conv("encoder.down_blocks.0.downsamplers.0.conv", 8, 8, 3);
  resnet("encoder.down_blocks.1.resnets.0", 8, 16), norm("encoder.conv_norm_out", 16),
      conv("encoder.conv_out", 6, 16, 3);
  conv("decoder.conv_in", 16, 3, 3), resnet("decoder.up_blocks.0.resnets.0", 16, 16),
      resnet("decoder.up_blocks.0.resnets.1", 16, 16);
  conv("decoder.up_blocks.0.upsamplers.0.conv", 16, 16, 3), resnet("decoder.up_blocks.1.resnets.0", 16, 8);
  resnet("decoder.up_blocks.1.resnets.1", 8, 8), norm("decoder.conv_norm_out", 8), conv("decoder.conv_out", 3, 8, 3);

  const auto vae = load(vae_factory(), with_tensors(files, tensors));
  CHECK(vae->info().reduction == 2);
  const LatentDistribution latents = vae->encode(at::rand({1, 3, 12, 10}));
  CHECK(latents.mean.sizes() == at::IntArrayRef({1, 3, 6, 5}));
  CHECK(vae->decode(latents.mean).sizes() == at::IntArrayRef({1, 3, 12, 10}));

  // The sampler's latents are (raw - shift) * factor, both ways.
  ModelFiles plain = with_tensors(files, tensors);
  plain.config.erase("shift_factor"), plain.config["scaling_factor"] = 1.0;
  const auto raw = load(vae_factory(), plain);
  const Tensor pixels = at::rand({1, 3, 12, 10}), z = at::randn({1, 3, 6, 5});
  CHECK(largest_difference(vae->encode(pixels).mean, (raw->encode(pixels).mean - 0.5) * 2) < 1e-6);
  CHECK(largest_difference(vae->encode(pixels).deviation, raw->encode(pixels).deviation * 2) < 1e-6);
  CHECK(largest_difference(vae->decode((z - 0.5) * 2), raw->decode(z)) < 1e-5);
}

TEST_CASE("a mean and a deviation of each channel are applied both ways, in the shift's place") {
  ModelFiles plain = part_of("tiny_sd15", "vae"), by_channel = part_of("tiny_sd15", "vae");
  plain.config["scaling_factor"] = 1;
  by_channel.config["scaling_factor"] = 0.5;
  by_channel.config["latents_mean"] = {-1.5, 2, 0, 1};
  by_channel.config["latents_std"] = {8, 6, 4, 2};
  const auto vae = load(vae_factory(), by_channel);
  const auto raw = load(vae_factory(), plain);
  const Tensor mean = at::tensor({-1.5f, 2.0f, 0.0f, 1.0f}).view({1, 4, 1, 1});
  const Tensor factor = 0.5 / at::tensor({8.0f, 6.0f, 4.0f, 2.0f}).view({1, 4, 1, 1});
  const Tensor pixels = at::rand({2, 3, 16, 16}), z = at::randn({2, 4, 3, 3});
  CHECK(largest_difference(vae->encode(pixels).mean, (raw->encode(pixels).mean - mean) * factor) < 1e-6);
  CHECK(largest_difference(vae->encode(pixels).deviation, raw->encode(pixels).deviation * factor) < 1e-6);
  CHECK(largest_difference(vae->decode((z - mean) * factor), raw->decode(z)) < 1e-5);
}

TEST_CASE("a VAE's wrong settings are named") {
  using Catch::Matchers::Contains;
  const auto config_error = [](const std::string& key, const Json& value) -> std::string {
    ModelFiles files = part_of("tiny_sd15", "vae");
    files.config[key] = value;
    try {
      vae_factory().recognise(files);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::bad_weights);
      return error.what();
    }
    return "";
  };
  CHECK_THAT(config_error("block_out_channels", {32, -1}),
             Contains("vae/config.json/block_out_channels: must be a list of integers"));
  CHECK_THAT(config_error("block_out_channels", Json::array()), Contains("levels"));
  CHECK_THAT(config_error("block_out_channels", {32, 33, 32, 32}), Contains("33 channels do not fall into"));
  CHECK_THAT(config_error("block_out_channels", {4294967296, 32, 32, 32}), Contains("block_out_channels"));
  CHECK_THAT(config_error("norm_num_groups", 0), Contains("norm_num_groups"));
  CHECK_THAT(config_error("scaling_factor", 0), Contains("scaling_factor"));
  CHECK_THAT(config_error("act_fn", "mish"), Contains("'mish' is not built"));
  CHECK_THAT(config_error("latents_mean", {0, 0, 0, 0}), Contains("latents_std: must have a number for each of the 4"));
  CHECK_THAT(config_error("latents_std", {1, 1, 0, 1}), Contains("latents_std"));
  CHECK_THAT(config_error("down_block_types", {"AttnDownEncoderBlock2D", "a", "b", "c"}),
             Contains("'AttnDownEncoderBlock2D' is not built"));
  ModelFiles other = part_of("tiny_sd15", "vae");
  other.config["_class_name"] = "VQModel";
  CHECK_FALSE(vae_factory().recognise(other));
}
