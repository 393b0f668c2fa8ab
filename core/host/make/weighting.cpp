#include "core/host/make/weighting.h"

#include <algorithm>

#include "core/api/finite.h"
#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kTextEncoder = "the text encoder";  // who is to blame, for people
constexpr size_t kAtOnce = 16;                            // windows that an encoder reads in one call

void check_encoding(const TextEncoding& row, const TextEncoderInfo& info) {
  all_finite(with_shape(row.tokens, {1, info.token_limit, info.width}, kTextEncoder), kTextEncoder);
  if (info.pooled_width > 0) all_finite(with_shape(row.pooled, {1, info.pooled_width}, kTextEncoder), kTextEncoder);
}

/// One encoder, asked with what its family wants.
class Reader {
 public:
  Reader(const Model& model, const TextUse& use, int64_t clip_skip)
      : cache_(*model.prompts), encoder_(model.text_encoders.at(use.role)), use_(use), clip_skip_(clip_skip) {}

  const TextEncoder& encoder() const { return *encoder_; }

  std::vector<TextEncoding> read(const std::vector<TokenWindow>& windows) const {
    std::vector<TextEncoding> all;
    for (size_t first = 0; first < windows.size(); first += kAtOnce) {
      const size_t end = std::min(first + kAtOnce, windows.size());
      const std::vector<TokenWindow> some(windows.begin() + static_cast<std::ptrdiff_t>(first),
                                          windows.begin() + static_cast<std::ptrdiff_t>(end));
      for (TextEncoding& row : call_plugin(kTextEncoder, [&] {
             return cache_.encode(encoder_, some, use_.layers_back + clip_skip_, use_.final_norm);
           })) {
        check_encoding(row, encoder_->info());
        all.push_back(std::move(row));
      }
    }
    return all;
  }

 private:
  PromptCache& cache_;
  const std::shared_ptr<const TextEncoder>& encoder_;
  const TextUse& use_;
  const int64_t clip_skip_;
};

bool has_weights(const WeightedWindow& window) { return !window.weights.empty(); }

/// [1, T, 1], for states of `like`'s device.
Tensor weights_of(const WeightedWindow& window, const Tensor& like) {
  const auto length = static_cast<int64_t>(window.tokens.ids.size());
  const Tensor weights = has_weights(window) ? at::tensor(window.weights, at::kDouble).to(at::kFloat)
                                             : at::ones({length}, at::kFloat);
  return weights.view({1, length, 1}).to(like.device());
}

/// Of one window of all texts.
void weigh_a1111(const std::vector<WeightedPrompt>& texts, size_t window, std::vector<Tensor>& states) {
  double before = 0, after = 0;
  std::vector<Tensor> weighted;
  for (size_t i = 0; i < texts.size(); ++i) {
    const Tensor state = states[i].to(at::kFloat);
    weighted.push_back(state * weights_of(texts[i].windows[window], state));
    const auto times = static_cast<double>(texts[i].times);
    before += times * state.mean(at::kDouble).item<double>();
    after += times * weighted.back().mean(at::kDouble).item<double>();
  }
  for (size_t i = 0; i < texts.size(); ++i) states[i] = (weighted[i] * (before / after)).to(states[i].scalar_type());
}

Tensor weighed_comfyui(const WeightedWindow& window, const Tensor& state, const Tensor& empty) {
  if (!has_weights(window)) return state;
  const Tensor z = state.to(at::kFloat), e = empty.to(at::kFloat), weights = weights_of(window, state);
  return at::where(weights == 1, z, (z - e) * weights + e).to(state.scalar_type());
}

/// states[window][text].
void weigh(const std::vector<WeightedPrompt>& texts, PromptStyle style, const Reader& reader,
           std::vector<std::vector<Tensor>>& states) {
  const auto has_any = [](const WeightedPrompt& text) {
    return std::any_of(text.windows.begin(), text.windows.end(), has_weights);
  };
  if (std::none_of(texts.begin(), texts.end(), has_any)) return;
  const Tensor empty =
      style == PromptStyle::comfyui ? reader.read({empty_window(reader.encoder()).tokens}).front().tokens : Tensor();
  for (size_t window = 0; window < states.size(); ++window) {
    const auto counts = [&](const WeightedPrompt& text) { return has_weights(text.windows[window]); };
    if (std::none_of(texts.begin(), texts.end(), counts)) continue;
    if (style == PromptStyle::a1111) {
      weigh_a1111(texts, window, states[window]);
      continue;
    }
    for (size_t i = 0; i < texts.size(); ++i)
      states[window][i] = weighed_comfyui(texts[i].windows[window], states[window][i], empty);
  }
}

}  // namespace

std::vector<TextEncoding> encode_texts(const Model& model, const TextUse& use, int64_t clip_skip,
                                       std::vector<WeightedPrompt> texts, PromptStyle style,
                                       const std::string& field) {
  const Reader reader(model, use, clip_skip);
  size_t count = 0;
  for (const WeightedPrompt& text : texts) count = std::max(count, text.windows.size());
  std::vector<TokenWindow> windows;
  for (WeightedPrompt& text : texts) {
    text.windows.resize(count, empty_window(reader.encoder()));
    for (const WeightedWindow& window : text.windows) windows.push_back(window.tokens);
  }
  const std::vector<TextEncoding> rows = reader.read(windows);
  std::vector<std::vector<Tensor>> states(count);
  for (size_t i = 0; i < rows.size(); ++i) states[i % count].push_back(rows[i].tokens);
  weigh(texts, style, reader, states);

  std::vector<TextEncoding> encoded;
  for (size_t i = 0; i < texts.size(); ++i) {
    std::vector<Tensor> own;
    for (size_t window = 0; window < count; ++window) own.push_back(states[window][i]);
    encoded.push_back({count == 1 ? own.front() : at::cat(own, 1), rows[i * count].pooled});
    if (!all_finite(encoded.back().tokens.to(at::kCPU)))
      throw Error(ErrorCode::bad_request, field, "has weights that make numbers run over");
  }
  return encoded;
}

}  // namespace alice
