#include "core/io/images.h"

#include <fstream>

#include "core/base/atomic_file.h"
#include "core/base/error.h"

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
  const std::string place = file.string();
  std::error_code status;
  const auto size = std::filesystem::file_size(file, status);
  std::ifstream in(file, std::ios::binary);
  if (status || !in) throw Error(ErrorCode::not_found, place, "cannot be opened for reading");
  if (size > limits.file_bytes)
    throw Error(
        ErrorCode::bad_request, place,
        "is " + std::to_string(size) + " bytes long; at most " + std::to_string(limits.file_bytes) + " are read");
  std::string bytes(size, '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
    throw Error(ErrorCode::bad_request, place, "ended while it was read");
  return decode_png(bytes, place, limits);
}

}  // namespace alice
