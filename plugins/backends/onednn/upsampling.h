#pragma once
// A convolution of 3 x 3 over a map whose pixels were doubled both ways: in each line and column of the result, even or
// odd, two of the three taps meet the same pixel. So it is four convolutions of 2 x 2 over the map as it is, of sums of
// the taps: 16 multiplications where there were 36.

#include <array>

#include "plugins/backends/onednn/banded_convolution.h"

namespace alice::onednn {

class UpsamplingWeight final : public PreparedWeight {
 public:
  using Prepare = std::function<std::shared_ptr<const PackedWeight>(const Tensor& weight)>;
  /// weight [out, in, 3, 3]. `prepare` is given each of the four, [out, in, 2, 2] in float32.
  UpsamplingWeight(const Tensor& weight, Tensor bias, const Prepare& prepare);

  /// Of the result's even (0) or odd (1) lines and columns.
  const PackedWeight& of(int line, int column) const { return *quarters_[static_cast<size_t>(2 * line + column)]; }
  /// [4, out, in, 2, 2] in the backend's dtype.
  Tensor weight() const override;
  /// Are all four of 8 bits?
  bool is_rounded() const;

 private:
  std::array<std::shared_ptr<const PackedWeight>, 4> quarters_;
};

/// The result by ATen, for what oneDNN has nothing fast for. x [B, in, H, W], weight as UpsamplingWeight::weight()
/// gives it, bias [out] or undefined.
Tensor upsampled(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// The map's lines in tasks, as a convolution of 2 x 2 reads them: the even lines of the result from the lines before
/// and at their own, the odd ones from those at and after it. Columns likewise. Each of the four gives a column more
/// than is wanted, since the map in the scratch has a border on both sides: the even ones at the end, the odd ones at
/// the begin.
struct BandedUpsampling {
  BandedConvolution bands;  // its lines are the map's, its first and last ones included

  BandedUpsampling(int64_t height, int64_t width, const UpsamplingWeight& weight);
  int64_t columns() const { return bands.width + 1; }  // that a convolution gives

  /// Of each of the four, for one thread.
  BandedConvolution::Primitives primitives(const PrimitiveCache& cache, at::ScalarType dtype, bool has_bias) const;
  /// Where the lines begin that the result's even or odd lines read.
  int64_t source_offset(int line) const { return line * bands.line_elements(); }
  /// Writes the two columns' `lines` x columns() pixels side by side. pixel: bytes of one.
  void interleave(const char* even, const char* odd, int64_t lines, int64_t pixel, int line, char* to) const;
};

}  // namespace alice::onednn
