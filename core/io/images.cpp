#include "core/io/images.h"

#include "core/base/atomic_file.h"
#include "core/base/regular_file.h"

namespace alice {

Tensor to_bytes(const Tensor& pixels) {
  if (!at::isfinite(pixels).all().item<bool>())
    throw Error(ErrorCode::internal, "", "the picture has numbers that are not finite: there is nothing to show");
  const Tensor unit = pixels.to(at::kCPU, at::kFloat).div(2).add(0.5).clamp(0, 1);
  return unit.mul(255).round().to(at::kByte).movedim(-3, -1).contiguous();
}

void write_png(const std::filesystem::path& file, const Png& png) {
  const std::string bytes = encode_png(png);
  AtomicFile out(file);
  out.write(bytes);
  out.commit();
}

Png read_png(const std::filesystem::path& file, const PngLimits& limits) {
  return decode_png(read_regular_file(file, limits.file_bytes, ErrorCode::bad_request), file.string(), limits);
}

}  // namespace alice
