#pragma once
// A convolution of one picture's map, some lines of the result at a time. A thread takes the lines that these read from
// the map to its own scratch, with the border that the convolution wants (so that oneDNN pads nothing), and does on the
// way what comes before: a norm, rounding to 8 bits. What lies between the two is never whole, and never leaves the
// cache.

#include <functional>

#include "plugins/backends/onednn/primitives.h"

namespace alice::onednn {

struct BandedConvolution {
  int64_t height, width;  // of the source, without its border
  int64_t in, out, kernel_height, kernel_width, stride, padding;
  int64_t each = 0;  // lines of the result that a task takes; the last one's may be fewer

  static BandedConvolution of(int64_t height, int64_t width, const PackedWeight& weight, const Conv2dShape& shape);

  int64_t lines() const { return (height + 2 * padding - kernel_height) / stride + 1; }  // of the result
  int64_t pixels() const { return (width + 2 * padding - kernel_width) / stride + 1; }   // of such a line
  int64_t lines_read(int64_t lines) const { return (lines - 1) * stride + kernel_height; }
  int64_t line_elements() const { return (width + 2 * padding) * in; }  // of the source with its border

  /// Sets `each`: at most `most` lines, and as many tasks as all threads have to do at once.
  void cut(int64_t most);
  int64_t tasks() const { return (lines() + each - 1) / each; }
  int64_t first(int64_t task) const { return task * each; }
  int64_t count(int64_t task) const { return std::min(each, lines() - first(task)); }

  /// Each line of the source is owned by one of the tasks; several may read it.
  bool owns(int64_t task, int64_t line) const {
    return line >= first(task) * stride && (line < first(task + 1) * stride || task + 1 == tasks());
  }

  /// The primitive of a task of `lines` lines, for one thread. Null as PrimitiveCache::find().
  RowPrimitivePtr primitive(const PrimitiveCache& cache, int64_t lines, at::ScalarType dtype, bool has_bias,
                            Activation activation, bool has_residual) const;
  struct Primitives {
    RowPrimitivePtr whole, last;  // of a strip; of what the last task has beside whole ones
    explicit operator bool() const { return whole && last; }
  };
  /// Of strips of `strip` lines, which `each` is a multiple of.
  Primitives primitives(const PrimitiveCache& cache, int64_t strip, at::ScalarType dtype, bool has_bias,
                        Activation activation, bool has_residual) const;

  /// Fills what the task reads: fill(line, to) writes a line of the source, its `width` pixels; all bytes of the border
  /// become `border`. element: bytes of one.
  void take(int64_t task, int64_t element, int border, char* to,
            const std::function<void(int64_t line, char* to)>& fill) const;
  int64_t scratch_bytes(int64_t element) const { return lines_read(each) * line_elements() * element; }
};

/// How many of `count` a task takes: at most `most`, and as many tasks as all threads have to do at once.
int64_t task_of(int64_t count, int64_t most);

}  // namespace alice::onednn
