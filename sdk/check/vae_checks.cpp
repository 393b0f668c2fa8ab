// VAEs: pixels and latents.

#include "core/api/vae.h"
#include "sdk/check/model_samples.h"
#include "sdk/check/model_use.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

using VaeBody = void (*)(const Vae& vae, const std::string& where, uint64_t seed);

std::function<std::string(const Case&)> on_samples(VaeBody body) {
  return [body](const Case& it) -> std::string {
    const VaeFactory& factory = it.factory<VaeFactory>();
    for (const ModelSample& sample : model_samples(factory, it))
      body(*load(factory, sample), sample.name + ": ", it.seed);
    return "";
  };
}

void expect_map(const Tensor& map, const std::vector<int64_t>& wanted, const std::string& what) {
  expect(
      map.defined() && map.sizes().vec() == wanted,
      what + " has shape " + (map.defined() ? shape_text(map.sizes().vec()) : "none") + ", not " + shape_text(wanted));
  expect(map.scalar_type() == at::kFloat && map.device().is_cpu(),
         what + " is of type " + at::toString(map.scalar_type()) + ", not Float on the host");
  expect(map.isfinite().all().item<bool>(), what + " holds numbers that are not finite");
}

void check_pixels(const Vae& vae, const std::string& where, uint64_t seed) {
  const VaeInfo& info = vae.info();
  for (const int64_t batch : {1, 2})
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{4, 4}, {3, 5}, {1, 1}}) {
      const Tensor latents =
          rows_of({info.latent_channels, height, width}, std::vector<uint64_t>(static_cast<size_t>(batch), seed));
      const Tensor kept = latents.clone();
      expect_map(vae.decode(latents), {batch, 3, height * info.reduction, width * info.reduction},
                 where + "decode of " + shape_text(latents.sizes().vec()) + " with reduction " +
                     std::to_string(info.reduction));
      expect(at::equal(latents, kept), where + "decode() changed the latents that it was given");
    }
}

void check_latents(const Vae& vae, const std::string& where, uint64_t seed) {
  const VaeInfo& info = vae.info();
  const int64_t r = info.reduction;
  if (!info.can_encode) {
    expect_refusal(ErrorCode::unsupported, where + "encode() of a VAE that cannot", [&] {
      vae.encode(at::zeros({1, 3, 2 * r, 2 * r}));
    });
    return;
  }
  for (const int64_t batch : {1, 2}) {
    const Tensor pixels = at::tanh(rows_of({3, 2 * r, 3 * r}, std::vector<uint64_t>(static_cast<size_t>(batch), seed)));
    const Tensor kept = pixels.clone();
    const LatentDistribution latents = vae.encode(pixels);
    const std::vector<int64_t> wanted = {batch, info.latent_channels, 2, 3};
    expect_map(latents.mean, wanted, where + "the mean of encode()");
    expect_map(latents.deviation, wanted, where + "the deviation of encode()");
    expect(latents.deviation.ge(0).all().item<bool>(), where + "the deviation of encode() is negative somewhere");
    expect(at::equal(pixels, kept), where + "encode() changed the pixels that it was given");
  }
}

void check_refuses(const Vae& vae, const std::string& where, uint64_t) {
  const VaeInfo& info = vae.info();
  expect_refusal(ErrorCode::bad_request, where + "decode() of a channel too many", [&] {
    vae.decode(at::zeros({1, info.latent_channels + 1, 2, 2}));
  });
  expect_refusal(ErrorCode::bad_request, where + "decode() of a map without a batch", [&] {
    vae.decode(at::zeros({info.latent_channels, 2, 2}));
  });
  if (!info.can_encode) return;
  expect_refusal(ErrorCode::bad_request, where + "encode() of four channels", [&] {
    vae.encode(at::zeros({1, 4, 2 * info.reduction, 2 * info.reduction}));
  });
  if (info.reduction > 1)
    expect_refusal(ErrorCode::bad_request, where + "encode() of a side that is no multiple of the reduction", [&] {
      vae.encode(at::zeros({1, 3, 2 * info.reduction + 1, 2 * info.reduction}));
    });
}

}  // namespace

std::vector<Check> vae_checks() {
  const std::vector<std::string> vaes = {VaeFactory::kKind};
  return {
      {"vae/pixels",
       "decode() gives finite float32 of [B, 3, h * reduction, w * reduction] and leaves latents as they were.",
       "Compare info().reduction with the number of upsamplings: 2 to that power.", "model/recognised", vaes,
       on_samples(check_pixels)},
      {"vae/latents",
       "encode() gives a mean and a deviation of [B, latent_channels, H / reduction, W / reduction], the deviation not "
       "negative; or Error(unsupported) when info().can_encode is false.",
       "Give deviation = exp(log variance / 2), times the scale of the latents.", "vae/pixels", vaes,
       on_samples(check_latents)},
      {"vae/refuses", "Maps of another number of channels or of sides that do not fit are Error(bad_request).",
       "Begin decode() and encode() with check_map().", "vae/pixels", vaes, on_samples(check_refuses)},
  };
}

}  // namespace alice::check
