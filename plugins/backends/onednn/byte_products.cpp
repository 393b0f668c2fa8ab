#include "plugins/backends/onednn/byte_products.h"

#include "plugins/backends/onednn/byte_rounding.h"
#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kLeastTokens = 128;
constexpr int64_t kTaskElements = 16384;
// Fewer tokens a task would read wide weights from the shared cache more often than the products hide.
constexpr int64_t kLeastTaskTokens = 64;
constexpr float kNothing = 1e-30f;  // a token of smaller numbers is 0: 127 over them would not be finite

int64_t parts_of(int64_t count, int64_t each) { return (count + each - 1) / each; }

}  // namespace

std::optional<RoundedTokens> ByteProducts::rounded(const char* source, int64_t tokens, int64_t width,
                                                   const Before& before) const {
  if (tokens < kLeastTokens) return std::nullopt;
  const int64_t token_bytes = width * element_;
  const int64_t each = std::max<int64_t>(1, kTaskElements / width), tasks = parts_of(tokens, each);
  RoundedTokens result = {empty_result({tokens, width}, at::kByte), at::empty({tokens}, at::kFloat)};
  std::vector<double> squares(static_cast<size_t>(tasks)), squared_steps(squares);
  each_task(tasks, [&](int64_t task) {
    const int64_t first = task * each, end = std::min(tokens, first + each);
    const char* from = source + first * token_bytes;
    if (before) {
      auto* const changed = static_cast<char*>(thread_scratch(Scratch::task, each * token_bytes));
      before(from, end - first, changed);
      from = changed;
    }
    double all = 0, steps = 0;
    for (int64_t token = first; token < end; ++token, from += token_bytes) {
      const Spread spread = kernels_.spread(from, width);
      const float largest = std::max(-spread.lowest, spread.highest);
      const bool is_nothing = largest < kNothing;
      const float scale = is_nothing ? 0 : largest / RoundedTokens::kMost;
      kernels_.to_bytes(from, result.bytes.data_ptr<uint8_t>() + token * width, width,
                        is_nothing ? 0 : RoundedTokens::kMost / largest, RoundedTokens::kZero);
      result.scales.data_ptr<float>()[token] = scale;
      all += spread.squares;
      steps += static_cast<double>(scale) * scale * static_cast<double>(width);
    }
    squares[static_cast<size_t>(task)] = all;
    squared_steps[static_cast<size_t>(task)] = steps;
  });
  double all = 0, steps = 0;
  for (size_t task = 0; task < squares.size(); ++task) all += squares[task], steps += squared_steps[task];
  if (!is_little(steps, all)) return std::nullopt;
  return result;
}

bool ByteProducts::multiply(const RoundedTokens& source, const RowMemory& row, const PackedWeight& weight,
                            Activation activation) const {
  const int64_t tokens = source.scales.numel(), in = weight.inputs(), out = weight.outputs();
  const int64_t sum_bytes = out * static_cast<int64_t>(sizeof(int32_t));
  const int64_t each = task_of(tokens, std::max(kLeastTaskTokens, kSumBytes / sum_bytes)), rest = tokens % each;
  const auto primitive = [&](int64_t count) {  // for a task: of one thread
    return cache_.find(
        {PrimitiveKey::Kind::product, {count, in, out}, at::kByte, false, Activation::none, false, /*threads=*/1});
  };
  const RowPrimitivePtr whole = primitive(each), last = rest > 0 ? primitive(rest) : whole;
  if (!whole || !last) return false;
  const SumsOf sums_of(weight, RoundedTokens::kZero);
  const Curve curve = curve_of(activation);
  const int64_t written = (curve == Curve::gate ? out / 2 : out) * element_;
  each_task(parts_of(tokens, each), [&](int64_t task) {
    const int64_t first = task * each, count = std::min(each, tokens - first);
    auto* sums = static_cast<int32_t*>(thread_scratch(Scratch::task, each * sum_bytes));
    run(count == each ? *whole : *last, weight, nullptr, source.bytes.data_ptr<uint8_t>() + first * in, nullptr, sums);
    kernels_.from_sums(sums, count, out, sums_of.scales(source.scales.data_ptr<float>() + first, 1), curve,
                       row.residual ? row.residual + first * written : nullptr, row.result + first * written);
  });
  return true;
}

}  // namespace alice::onednn
