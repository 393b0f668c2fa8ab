// The text encoder of `alice plugin new --kind text_encoder`, with a fault.

#include "tests/plugin_check/faults/model_faults.h"

// The sound twin.
#include "tests/plugin_check/faults/sound_twin.h"
//
#include "sdk/templates/text_encoder/my_plugin.cpp"
#pragma pop_macro("ALICE_PLUGIN")

namespace {

using alice::faults::planted;

class FaultyEncoder final : public TextEncoder {
 public:
  explicit FaultyEncoder(std::shared_ptr<const TextEncoder> sound) : sound_(std::move(sound)), info_(sound_->info()) {
    if (planted("claims-pooled-text")) info_.pooled_width = info_.width;
    if (planted("miscounts-layers")) ++info_.layers;
    if (planted("hides-its-frame")) info_.frame.start.clear();
  }
  const TextEncoderInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return sound_->weights(); }
  TokenIds tokenize(const std::string& prompt) const override {
    TokenIds ids = sound_->tokenize(prompt);
    const bool is_bad_text = prompt.find('\xff') != std::string::npos;
    if (planted("pads-too-far") && is_bad_text) ids.padded.push_back(0);
    if (planted("cuts-in-silence")) ids.cut_off.clear();
    if (planted("fails-on-bad-text") && is_bad_text) throw Error(ErrorCode::bad_request, "/prompt", "is no UTF-8");
    return ids;
  }
  TextEncoding encode(const TokenInput& input, int64_t clip_skip, bool final_norm) const override {
    const bool is_promised = planted("miscounts-layers") && clip_skip == 1;
    TokenInput heard = input;
    if (planted("deaf")) heard.ids = at::zeros_like(input.ids);
    if (planted("ignores-vectors")) heard.vectors.clear();
    return sound_->encode(heard,
                          is_promised || planted("takes-any-clip-skip") ? 0 : clip_skip, final_norm);
  }
  std::vector<Tensor> hidden_states(const Tensor& ids) const override { return sound_->hidden_states(ids); }
  std::shared_ptr<const TextEncoder> patched(const Deltas& deltas) const override {
    return std::make_shared<FaultyEncoder>(planted("ignores-patches") ? sound_ : sound_->patched(deltas));
  }

 private:
  std::shared_ptr<const TextEncoder> sound_;
  TextEncoderInfo info_;
};

}  // namespace

ALICE_PLUGIN("faulty-text-encoder", "1.0.0", [](alice::Enrolment& to) {
  alice::faults::enrol_spoiled<alice::TextEncoder>(to, enrol_sound, [](std::shared_ptr<const TextEncoder> sound) {
    return std::make_shared<FaultyEncoder>(std::move(sound));
  });
})
