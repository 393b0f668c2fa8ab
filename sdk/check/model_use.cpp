#include "sdk/check/model_use.h"

#include "core/math/noise_source.h"

namespace alice::check {
namespace {

constexpr int64_t kTokens = 7;
constexpr const char* kPrompts[] = {"a cat in a hat", "", "seven (tall) towers, 4k", "une fen\xc3\xaatre"};

}  // namespace

Tensor rows_of(const std::vector<int64_t>& shape, const std::vector<uint64_t>& seeds) {
  return SeededNoise(seeds).normal(shape);
}

Tensor ids_of(const TextEncoder& encoder, const std::vector<uint64_t>& seeds) {
  std::vector<Tensor> rows;
  for (const uint64_t seed : seeds)
    rows.push_back(at::tensor(encoder.tokenize(kPrompts[seed % std::size(kPrompts)]).padded, at::kLong));
  return at::stack(rows);
}

Conditioning conditioning_of(const UNet& unet, const std::vector<uint64_t>& seeds) {
  Conditioning conditioning = {{"tokens", rows_of({kTokens, unet.info().context_width}, seeds)}};
  for (const auto& [name, width] : unet.info().further_conditioning)
    conditioning[name] = name == kBeside ? rows_of({width, 1, 1}, seeds) : rows_of({width}, seeds);
  return conditioning;
}

std::vector<Tensor> outputs_of(const TextEncoder& encoder, const std::vector<uint64_t>& seeds) {
  const TextEncoding encoding = encoder.encode(ids_of(encoder, seeds));
  std::vector<Tensor> outputs = {encoding.tokens};
  if (encoding.pooled.defined()) outputs.push_back(encoding.pooled);
  return outputs;
}

std::vector<Tensor> outputs_of(const UNet& unet, const std::vector<uint64_t>& seeds) {
  const auto run = unet.prepare(conditioning_of(unet, seeds));
  const Tensor x = rows_of({unet.info().in_channels, 5, 8}, seeds);
  std::vector<Tensor> outputs;
  for (const double t : {801.0, 17.5}) outputs.push_back(run->predict(x, at::full({x.size(0)}, t, at::kFloat)));
  return outputs;
}

std::vector<Tensor> outputs_of(const Vae& vae, const std::vector<uint64_t>& seeds) {
  std::vector<Tensor> outputs = {vae.decode(rows_of({vae.info().latent_channels, 3, 4}, seeds))};
  if (vae.info().can_encode) {
    const int64_t side = 2 * vae.info().reduction;
    const LatentDistribution latents = vae.encode(at::tanh(rows_of({3, side, side + vae.info().reduction}, seeds)));
    outputs.insert(outputs.end(), {latents.mean, latents.deviation});
  }
  return outputs;
}

}  // namespace alice::check
