#include "core/host/make/encode.h"

#include "core/base/utf8.h"
#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kTextEncoder = "the text encoder";  // who is to blame, for people

std::vector<int64_t> ids_of(const Model& model, const std::string& text, const std::string& field,
                            std::vector<std::string>& warnings) {
  const TextEncoder& encoder = *model.text_encoder;
  const TokenIds ids = call_plugin(kTextEncoder, [&] { return encoder.tokenize(text); });
  if (!ids.cut_off.empty())
    warnings.push_back(field + ": only " + std::to_string(encoder.info().token_limit) + " tokens fit; not used: \"" +
                       brief(ids.cut_off) + "\"");
  return ids.padded;
}

Tensor repeat_rows(const Tensor& rows, int64_t times) { return rows.repeat_interleave(times, 0); }

}  // namespace

Conditioning encode(const Model& model, const Settings& settings, int64_t batch,
                    std::vector<std::string>& warnings) {
  constexpr int64_t kNegativeSkip = 0;  // as the reference does; A1111 skips here too
  const auto tokens_of = [&](const std::vector<std::vector<int64_t>>& prompts, int64_t clip_skip) {
    const auto rows = static_cast<int64_t>(prompts.size());
    const Tensor tokens =
        call_plugin(kTextEncoder, [&] { return model.prompts->tokens(model.text_encoder, prompts, clip_skip); });
    const TextEncoderInfo& info = model.text_encoder->info();
    return all_finite(with_shape(tokens, {rows, info.token_limit, info.width}, kTextEncoder), kTextEncoder);
  };
  const std::vector<int64_t> prompt = ids_of(model, settings.prompt, "/prompt", warnings);
  if (!settings.guidance.two_passes()) {
    Conditioning alone = {{"tokens", repeat_rows(tokens_of({prompt}, settings.clip_skip), batch)}};
    if (settings.guidance.is_told) alone[kGuidanceScale] = at::full({batch, 1}, settings.guidance.scale, at::kDouble);
    return alone;
  }
  const std::vector<int64_t> negative =
      ids_of(model, settings.negative_prompt.value_or(""), "/negative_prompt", warnings);
  const Tensor tokens = settings.clip_skip == kNegativeSkip
                            ? tokens_of({negative, prompt}, kNegativeSkip)
                            : at::cat({tokens_of({negative}, kNegativeSkip), tokens_of({prompt}, settings.clip_skip)});
  return {{"tokens", repeat_rows(tokens, batch)}};
}

}  // namespace alice
