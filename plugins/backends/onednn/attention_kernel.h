#pragma once
// softmax(q k' scale) v for one block of queries, over blocks of keys, with the running maximum and sum of Milakov and
// Gimelshein 2018 and the blocking of Dao et al. 2022 ("FlashAttention"), transposed: queries lie in the lanes of the
// vectors, keys and channels in rows. So maxima and sums over keys need no shuffles, any head size fills whole vectors,
// and the probabilities come out in the order in which the second product reads them.
//
//   scores [keys, queries] = keys [keys, channels] queries [channels, queries]
//   result [channels, queries] = values [channels, keys] probabilities [keys, queries]

#include "plugins/backends/onednn/elements.h"
#include "plugins/backends/onednn/fused_kernels.h"

namespace alice::onednn {
namespace {

constexpr int64_t kKeyBlock = 96;  // a block's scores for all lanes of queries: 24 KB
constexpr float kHidden = -1e30f;  // the score of a key that is not seen: exp of it is 0, of -infinity would be NaN

template <class Arithmetic>
class AttentionKernel {
  using Lanes = typename Arithmetic::Lanes;
  using Vector = typename Lanes::Vector;
  using Element = typename Arithmetic::Element;
  static constexpr int kVectors = Lanes::kTileVectors, kRows = Lanes::kTileRows, kPerUnit = Arithmetic::kPerUnit;
  static constexpr int64_t kKeyUnits = kKeyBlock / kPerUnit, kWidth = Lanes::kWidth;

 public:
  static constexpr int64_t kQueries = int64_t{kVectors} * Lanes::kWidth;

  static int64_t channel_units(const AttentionShape& shape) { return (shape.head_size + kPerUnit - 1) / kPerUnit; }

  /// Units: keys [kKeyBlock, channel units], then values [channels, kKeyUnits]. What lies past the last key is 0.
  static int64_t packed_units(const AttentionShape& shape) {
    return round_up(kKeyBlock * channel_units(shape)) + round_up(shape.head_size * kKeyUnits);
  }
  /// Units: queries [channel units, kQueries], scores [kKeyBlock, kQueries], result [channels, kQueries].
  static int64_t scratch_units(const AttentionShape& shape) {
    return (channel_units(shape) + kKeyBlock + shape.head_size) * kQueries;
  }

  static void pack(const AttentionShape& shape, int64_t head, int64_t block, const Element* k, const Element* v,
                   uint32_t* packed) {
    const int64_t d = shape.head_size, units = channel_units(shape), stride = shape.width();
    const int64_t first = block * kKeyBlock, count = least(kKeyBlock, shape.keys - first);
    k += first * stride + head * d, v += first * stride + head * d;
    for (int64_t key = 0; key < count; ++key)
      for (int64_t unit = 0; unit < units; unit += kWidth)
        store_units(packed + key * units + unit,
                    Arithmetic::units_along(k + key * stride + unit * kPerUnit, d - unit * kPerUnit), units - unit);
    uint32_t* values = packed + round_up(kKeyBlock * units);
    for (int64_t unit = 0; unit < kKeyUnits; unit += kWidth)
      for (int64_t channel = 0; channel < d; channel += kWidth) {
        const int64_t channels = least(kWidth, d - channel);
        Vector tile[kWidth];
        for (int i = 0; i < kWidth; ++i)
          tile[i] = Arithmetic::units_across(v + (unit + i) * kPerUnit * stride + channel, stride,
                                             count - (unit + i) * kPerUnit, channels);
        Lanes::transpose(tile);
        for (int64_t i = 0; i < channels; ++i)
          store_units(values + (channel + i) * kKeyUnits + unit, tile[i], kKeyUnits - unit);
      }
  }

  static void attend(const AttentionShape& shape, int64_t head, int64_t block, const Element* q, const uint32_t* packed,
                     Element* out, float* scratch) {
    const int64_t d = shape.head_size, stride = shape.width(), units = channel_units(shape);
    const int64_t first = block * kQueries, count = least(kQueries, shape.queries - first);
    auto* queries = reinterpret_cast<uint32_t*>(scratch);
    float *scores = scratch + units * kQueries, *result = scores + kKeyBlock * kQueries;
    pack_queries(q + first * stride + head * d, stride, count, d, queries);
    for (int64_t i = 0; i < d * kQueries; i += Lanes::kWidth) Lanes::store(result + i, Lanes::all(0));

    Running running;
    const int64_t seen = shape.causal ? least(shape.keys, first + count) : shape.keys;
    for (int64_t key = 0; key < seen; key += kKeyBlock, packed += packed_units(shape)) {
      const int64_t keys = least(kKeyBlock, seen - key);
      Running block_of_keys = running;
      score(packed, queries, units, keys, scores, block_of_keys);
      if (shape.causal && key + keys > first + 1) {
        block_of_keys = running;
        hide_later(scores, key, keys, first, block_of_keys);
      }
      Vector kept[kVectors];
      exponentiate(scores, keys, shape.scale * kLog2E, running, block_of_keys, kept);
      accumulate(packed + round_up(kKeyBlock * units), scores, keys, d, kept, result);
    }
    write(result, running, count, d, out + first * stride + head * d, stride);
  }

 private:
  template <int kValue>
  struct Count {
    constexpr operator int() const { return kValue; }
  };

  /// Of each query: the largest score so far, and the sum of exponentials relative to it.
  struct Running {
    Vector largest[kVectors], sum[kVectors];
    Running() {
      for (int c = 0; c < kVectors; ++c) largest[c] = Lanes::all(kHidden), sum[c] = Lanes::all(0);
    }
  };

  static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
  static int64_t round_up(int64_t units) { return (units + 15) / 16 * 16; }  // whole cache lines

  static void store_units(uint32_t* to, Vector units, int64_t count) {
    auto* floats = reinterpret_cast<float*>(to);
    count >= kWidth ? Lanes::store(floats, units) : Lanes::store_some(floats, units, count);
  }

  static void pack_queries(const Element* q, int64_t stride, int64_t count, int64_t d, uint32_t* queries) {
    const int64_t units = (d + kPerUnit - 1) / kPerUnit;
    for (int64_t first = 0; first < kQueries; first += kWidth)
      for (int64_t unit = 0; unit < units; unit += kWidth) {
        Vector tile[kWidth];
        for (int i = 0; i < kWidth; ++i)
          tile[i] = first + i < count
                        ? Arithmetic::units_along(q + (first + i) * stride + unit * kPerUnit, d - unit * kPerUnit)
                        : Lanes::all(0);
        Lanes::transpose(tile);
        for (int64_t i = 0; i < least(kWidth, units - unit); ++i)
          store_units(queries + (unit + i) * kQueries + first, tile[i], kWidth);
      }
  }

  /// sums[r][c] += left[r, steps] right[steps, c].
  template <int kCount>
  static inline void multiply(const uint32_t* left, int64_t left_stride, const uint32_t* right, int64_t steps,
                              Vector (&sums)[kCount][kVectors]) {
    for (int64_t step = 0; step < steps; ++step) {
      Vector columns[kVectors];
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c)
        columns[c] = Lanes::load(reinterpret_cast<const float*>(right + step * kQueries + c * Lanes::kWidth));
#pragma GCC unroll 8
      for (int r = 0; r < kCount; ++r) {
        const Vector row = Lanes::repeat(left + r * left_stride + step);
#pragma GCC unroll 8
        for (int c = 0; c < kVectors; ++c) sums[r][c] = Arithmetic::multiply_add(row, columns[c], sums[r][c]);
      }
    }
  }

  template <int kCount>
  static void score_rows(const uint32_t* keys, const uint32_t* queries, int64_t units, float* scores,
                         Running& running) {
    Vector sums[kCount][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r)
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c) sums[r][c] = Lanes::all(0);
    multiply<kCount>(keys, units, queries, units, sums);
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r)
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c) {
        Lanes::store(scores + r * kQueries + c * Lanes::kWidth, sums[r][c]);
        running.largest[c] = Lanes::larger(running.largest[c], sums[r][c]);
      }
  }

  static void score(const uint32_t* keys, const uint32_t* queries, int64_t units, int64_t count, float* scores,
                    Running& running) {
    int64_t row = 0;
    for (; row + kRows <= count; row += kRows)
      score_rows<kRows>(keys + row * units, queries, units, scores + row * kQueries, running);
    for (; row < count; ++row) score_rows<1>(keys + row * units, queries, units, scores + row * kQueries, running);
  }

  static void hide_later(float* scores, int64_t first_key, int64_t keys, int64_t first_query, Running& running) {
    for (int64_t key = 0; key < keys; ++key)
      for (int64_t query = 0; query < kQueries && first_query + query < first_key + key; ++query)
        scores[key * kQueries + query] = kHidden;
    for (int64_t key = 0; key < keys; ++key)
      for (int c = 0; c < kVectors; ++c)
        running.largest[c] =
            Lanes::larger(running.largest[c], Lanes::load(scores + key * kQueries + c * Lanes::kWidth));
  }

  /// Scores become probabilities, in units, in place: a unit's row never lies past the scores that it is made of.
  /// kept: by how much what is there already shrinks.
  static void exponentiate(float* scores, int64_t keys, float scale, Running& running, const Running& block,
                           Vector (&kept)[kVectors]) {
    const Vector factor = Lanes::all(scale);
    for (int c = 0; c < kVectors; ++c) {
      const Vector shift = block.largest[c] * Lanes::all(-scale);
      kept[c] = exp2<Arithmetic>((running.largest[c] - block.largest[c]) * factor);
      Vector sum = running.sum[c] * kept[c];
      for (int64_t unit = 0; unit * kPerUnit < keys; ++unit) {
        Vector values[kPerUnit];
        for (int i = 0; i < kPerUnit; ++i) {
          const int64_t key = unit * kPerUnit + i;
          values[i] = Lanes::all(0);
          if (key < keys)
            values[i] = exp2<Arithmetic>(
                Lanes::multiply_add(Lanes::load(scores + key * kQueries + c * Lanes::kWidth), factor, shift));
          sum = sum + values[i];
        }
        Arithmetic::store_units(scores + unit * kQueries + c * Lanes::kWidth, values);
      }
      running.largest[c] = block.largest[c];
      running.sum[c] = sum;
    }
  }

  template <int kCount>
  static void accumulate_rows(const uint32_t* values, const uint32_t* probabilities, int64_t units,
                              const Vector (&kept)[kVectors], float* result) {
    Vector sums[kCount][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r)
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c) sums[r][c] = Lanes::load(result + r * kQueries + c * Lanes::kWidth) * kept[c];
    multiply<kCount>(values, kKeyUnits, probabilities, units, sums);
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r)
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c) Lanes::store(result + r * kQueries + c * Lanes::kWidth, sums[r][c]);
  }

  static void accumulate(const uint32_t* values, const float* scores, int64_t keys, int64_t d,
                         const Vector (&kept)[kVectors], float* result) {
    const auto* probabilities = reinterpret_cast<const uint32_t*>(scores);
    const int64_t units = (keys + kPerUnit - 1) / kPerUnit;
    const auto rows_from = [&](int64_t row, auto count) {
      accumulate_rows<count>(values + row * kKeyUnits, probabilities, units, kept, result + row * kQueries);
    };
    int64_t row = 0;
    if (d % 5 == 0)  // 40, 80, 160: no short tile at the end
      for (; row < d; row += 5) rows_from(row, Count<5>());
    for (; row + kRows <= d; row += kRows) rows_from(row, Count<kRows>());
    for (; row + 2 <= d; row += 2) rows_from(row, Count<2>());
    if (row < d) rows_from(row, Count<1>());
  }

  /// result [channels, kQueries], divided by its sum -> out [count, stride].
  static void write(const float* result, const Running& running, int64_t count, int64_t d, Element* out,
                    int64_t stride) {
    for (int c = 0; c < kVectors; ++c) {
      const Vector inverse = Lanes::divide(Lanes::all(1), running.sum[c]);
      const int64_t queries = least(kWidth, count - c * kWidth);
      for (int64_t channel = 0; channel < d; channel += kWidth) {
        const int64_t channels = least(kWidth, d - channel);
        Vector tile[kWidth];
        for (int i = 0; i < kWidth; ++i)
          tile[i] =
              i < channels ? Lanes::load(result + (channel + i) * kQueries + c * kWidth) * inverse : Lanes::all(0);
        Lanes::transpose(tile);
        for (int64_t i = 0; i < queries; ++i) {
          Element* to = out + (c * kWidth + i) * stride + channel;
          channels == kWidth ? Arithmetic::store(to, tile[i]) : Arithmetic::store_some(to, tile[i], channels);
        }
      }
    }
  }
};

}  // namespace
}  // namespace alice::onednn
