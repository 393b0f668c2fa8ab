#include <cstdlib>
#include <fstream>

#include "tests/models/goldens.h"

using namespace alice;
using namespace alice::test;

namespace {

using Tensors = std::map<std::string, Tensor>;

// taesd's two halves as its paper-thin definition lists their layers, in float64: a number alone is a convolution, 'b'
// a block, 'r' a rectifier, 'u' a doubling, 'c' the clamp.
Tensor run_reference(const Tensors& weights, const std::string& prefix, const std::string& layers, Tensor x) {
  const auto conv = [&](const std::string& name, const Tensor& input, int64_t stride) {
    const auto bias = weights.find(prefix + name + ".bias");
    return at::conv2d(input, weights.at(prefix + name + ".weight").to(at::kDouble),
                      bias == weights.end() ? Tensor() : bias->second.to(at::kDouble), stride, 1);
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string number = std::to_string(i);
    switch (layers[i]) {
      case 'c': x = at::tanh(x / 3) * 3; break;
      case 'r': x = at::relu(x); break;
      case 'u': x = x.repeat_interleave(2, 2).repeat_interleave(2, 3); break;
      case 'b': {
        Tensor h = at::relu(conv(number + ".conv.0", x, 1));
        h = conv(number + ".conv.4", at::relu(conv(number + ".conv.2", h, 1)), 1);
        x = at::relu(h + x);
        break;
      }
      case '1': x = conv(number, x, 1); break;
      case '2': x = conv(number, x, 2); break;
    }
  }
  return x;
}
const std::string kDecoderLayers = "c1rbbbu1bbbu1bbbu1b1", kEncoderLayers = "1b2bbb2bbb2bbb1";

/// Random weights of taesd's shape, `width` wide, under its own names.
Tensors made_half(const std::string& prefix, const std::string& layers, int64_t width, int64_t in, int64_t out) {
  Tensors tensors;
  const auto add = [&](const std::string& name, int64_t to, int64_t from, bool has_bias) {
    tensors[prefix + name + ".weight"] = at::randn({to, from, 3, 3}) / std::sqrt(9.0 * from);
    if (has_bias) tensors[prefix + name + ".bias"] = at::randn({to}) / 10;
  };
  bool is_first = true;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string number = std::to_string(i);
    if (layers[i] == 'b')
      for (const char* conv : {".conv.0", ".conv.2", ".conv.4"}) add(number + conv, width, width, true);
    if (layers[i] != '1' && layers[i] != '2') continue;
    const bool is_last = i + 1 == layers.size();
    add(number, is_last ? out : width, is_first ? in : width, is_first || is_last);
    is_first = false;
  }
  return tensors;
}

ModelFiles files_of(Tensors tensors) {
  ModelFiles files;
  files.place = "made/taesd";
  files.weights = std::make_shared<MemoryWeights>(std::move(tensors));
  return files;
}

Tensors both_halves(int64_t width) {
  Tensors tensors = made_half("encoder.", kEncoderLayers, width, 3, 4);
  tensors.merge(made_half("decoder.", kDecoderLayers, width, 4, 3));
  return tensors;
}

/// The shared folder of real files, or "" with a word of what is skipped.
std::string shared_data() {
  const char* folder = std::getenv("ALICE_SHARED_DATA");
  if (folder && std::ifstream(std::string(folder) + "/taesd/taesd_decoder.safetensors").good()) return folder;
  WARN("skipped: ALICE_SHARED_DATA names no folder with taesd/taesd_decoder.safetensors in it");
  return "";
}

}  // namespace

TEST_CASE("a tiny autoencoder computes what its definition says") {
  at::manual_seed(31);
  const Tensors tensors = both_halves(8);
  const auto vae = load(tiny_vae_factory(), files_of(tensors));
  CHECK(vae->info().reduction == 8);
  CHECK(vae->info().scaling_factor == 1);
  const Tensor latents = at::randn({3, 4, 5, 3}) * 3, pixels = at::rand({2, 3, 40, 24}) * 2 - 1;
  const Tensor decoded = run_reference(tensors, "decoder.", kDecoderLayers, latents.to(at::kDouble)) * 2 - 1;
  CHECK(largest_difference(vae->decode(latents), decoded) < kComponentTolerance);
  const LatentDistribution encoded = vae->encode(pixels);
  CHECK(largest_difference(encoded.mean, run_reference(tensors, "encoder.", kEncoderLayers,
                                                       (pixels.to(at::kDouble) + 1) / 2)) < kComponentTolerance);
  CHECK(encoded.deviation.count_nonzero().item<int64_t>() == 0);
  for (int64_t i = 0; i < 3; ++i)
    CHECK(at::equal(vae->decode(latents.narrow(0, i, 1)), vae->decode(latents).narrow(0, i, 1)));
}

TEST_CASE("diffusers' names of a tiny autoencoder are the same network") {
  at::manual_seed(32);
  const Tensors theirs = both_halves(8);
  Tensors ours;
  for (const auto& [name, tensor] : theirs) {
    const bool is_decoder = name[0] == 'd';
    const size_t dot = name.find('.', 8);
    const int number = std::stoi(name.substr(8, dot - 8)) - (is_decoder ? 1 : 0);  // diffusers does not count the clamp
    ours[name.substr(0, 8) + "layers." + std::to_string(number) + name.substr(dot)] = tensor;
  }
  ModelFiles files = files_of(ours);
  const Tensor latents = at::randn({1, 4, 6, 6});
  const Tensor expected = load(tiny_vae_factory(), files_of(theirs))->decode(latents);
  CHECK(at::equal(load(tiny_vae_factory(), files)->decode(latents), expected));
  files.config = {{"_class_name", "AutoencoderTiny"},
                  {"encoder_block_out_channels", {8, 8, 8, 8}},
                  {"decoder_block_out_channels", {8, 8, 8, 8}},
                  {"scaling_factor", 0.5}};
  const auto scaled = load(tiny_vae_factory(), files);
  CHECK(largest_difference(scaled->decode(latents * 0.5), expected) < 1e-6);
}

TEST_CASE("taesd's decoder file alone makes pictures and no latents") {
  at::manual_seed(33);
  const Tensors decoder = made_half("", kDecoderLayers, 8, 4, 3);
  const auto vae = load(tiny_vae_factory(), files_of(decoder));
  const Tensor latents = at::randn({1, 4, 4, 4});
  CHECK(largest_difference(vae->decode(latents),
                           run_reference(decoder, "", kDecoderLayers, latents.to(at::kDouble)) * 2 - 1) <
        kComponentTolerance);
  CHECK_FALSE(vae->info().can_encode);
  CHECK_THROWS_AS(vae->encode(at::zeros({1, 3, 32, 32})), Error);
}

TEST_CASE("taesd's encoder file alone is refused with the cure") {
  const auto recognition = tiny_vae_factory().recognise(files_of(made_half("", kEncoderLayers, 8, 3, 4)));
  REQUIRE(recognition);
  CHECK_THAT(sentences(recognition->faults), Catch::Matchers::Contains("the encoder alone"));
}

TEST_CASE("a large VAE and a tiny one are not taken for each other") {
  CHECK_FALSE(tiny_vae_factory().recognise(part_of("tiny_sd15", "vae")));
  CHECK_FALSE(tiny_vae_factory().recognise(part_of("tiny_sd15.safetensors", "vae")));
  CHECK_FALSE(vae_factory().recognise(files_of(both_halves(8))));
}

TEST_CASE("a tiny autoencoder's wrong settings and tensors are named") {
  using Catch::Matchers::Contains;
  Tensors tensors = both_halves(8);
  tensors.erase("decoder.19.bias");
  tensors["decoder.1.weight"] = at::ones({8, 4, 5, 5});
  tensors["stranger"] = at::ones({2});
  const auto recognition = tiny_vae_factory().recognise(files_of(tensors));
  const std::string faults = sentences(recognition->faults);
  CHECK_THAT(faults, Contains("'decoder.19.bias' is missing: [3] is needed"));
  CHECK_THAT(faults, Contains("'decoder.1.weight' has shape [8, 4, 5, 5], [8, 4, 3, 3] is needed"));
  CHECK_THAT(sentences(recognition->warnings), Contains("1 tensor is not used") && Contains("'stranger'"));

  const auto config_error = [](const std::string& key, const Json& value) -> std::string {
    ModelFiles files = files_of(both_halves(8));
    files.config = {{"_class_name", "AutoencoderTiny"}, {key, value}};
    try {
      tiny_vae_factory().recognise(files);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(config_error("decoder_block_out_channels", {64, -64, 64, 64}),
             Contains("made/taesd/config.json/decoder_block_out_channels"));
  CHECK_THAT(config_error("decoder_block_out_channels", {64, 32, 64, 64}), Contains("the same width"));
  CHECK_THAT(config_error("num_decoder_blocks", {3, 3}), Contains("stages"));
  CHECK_THAT(config_error("act_fn", "gelu"), Contains("\"gelu\" is not built"));
  CHECK_THAT(config_error("upsampling_scaling_factor", 4), Contains("upsampling_scaling_factor"));
}

TEST_CASE("the real TAESD gives back a picture that went through it") {
  const std::string shared = shared_data();
  if (shared.empty()) return;
  for (const char* name : {"taesd", "taesdxl"}) {
    CAPTURE(name);
    const auto decoder = open_model_file(shared + "/taesd/" + name + "_decoder.safetensors").parts.at("vae");
    const auto encoder = open_model_file(shared + "/taesd/" + name + "_encoder.safetensors").parts.at("vae");
    Tensors both, decoder_weights = copies_of(decoder);
    for (const auto& [layer, tensor] : decoder_weights) both["decoder." + layer] = tensor;
    for (const auto& [layer, tensor] : copies_of(encoder)) both["encoder." + layer] = tensor;
    const auto vae = load(tiny_vae_factory(), files_of(both));

    // A sky, a ground and a sun.
    const Tensor rows = at::linspace(0, 1, 256).view({256, 1}).expand({256, 256}), columns = rows.t();
    const Tensor sun = ((rows - 0.3).square() + (columns - 0.6).square() < 0.02).to(at::kFloat);
    const Tensor picture =
        at::stack({rows * 0.6 + 0.3 * sun, 0.7 - rows * 0.3 + 0.2 * sun, (1 - rows) * (1 - sun)}).unsqueeze(0) * 2 - 1;
    const Tensor latents = vae->encode(picture).mean;
    CHECK(latents.sizes() == at::IntArrayRef({1, 4, 32, 32}));
    const double error = ((vae->decode(latents).clamp(-1, 1) - picture) / 2).square().mean().item<double>();
    CHECK(-10 * std::log10(error) > 25);  // dB; photographs give 34

    const auto alone = load(tiny_vae_factory(), decoder);
    CHECK(at::equal(alone->decode(latents), vae->decode(latents)));
    const Tensor expected = run_reference(decoder_weights, "", kDecoderLayers, latents.to(at::kDouble)) * 2 - 1;
    CHECK(largest_difference(alone->decode(latents), expected) < kComponentTolerance);
  }
}
