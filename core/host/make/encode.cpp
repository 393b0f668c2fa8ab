#include "core/host/make/encode.h"

#include "core/base/utf8.h"
#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kTextEncoder = "the text encoder";  // who is to blame, for people
constexpr const char* kFamily = "the family of the model";

/// One of the two prompts of guidance.
struct Prompt {
  bool is_negative;
  std::optional<std::string> text, second_text;  ///< absent: nobody said one
  int64_t clip_skip;
};

/// What the encoder of a role reads.
const std::string& text_for(const Prompt& prompt, size_t number) {
  static const std::string nothing;
  if (number > 0 && prompt.second_text) return *prompt.second_text;
  return prompt.text ? *prompt.text : nothing;
}

std::vector<int64_t> ids_of(const TextEncoder& encoder, const std::string& text, const std::string& field,
                            std::vector<std::string>& warnings) {
  const TokenIds ids = call_plugin(kTextEncoder, [&] { return encoder.tokenize(text); });
  if (!ids.cut_off.empty())
    warnings.push_back(field + ": only " + std::to_string(encoder.info().token_limit) + " tokens fit; not used: \"" +
                       brief(ids.cut_off) + "\"");
  return ids.padded;
}

std::string field_of(const Prompt& prompt, size_t number) {
  const bool is_second = number > 0 && prompt.second_text.has_value();
  return std::string(prompt.is_negative ? "/negative_prompt" : "/prompt") + (is_second ? "_2" : "");
}

void check_encoding(const TextEncoding& row, const TextEncoderInfo& info) {
  all_finite(with_shape(row.tokens, {1, info.token_limit, info.width}, kTextEncoder), kTextEncoder);
  if (info.pooled_width > 0) all_finite(with_shape(row.pooled, {1, info.pooled_width}, kTextEncoder), kTextEncoder);
}

/// Every prompt by one encoder: those of one clip_skip in one call.
std::vector<TextEncoding> encode_by(const Model& model, size_t number, const std::vector<Prompt>& prompts,
                                    std::vector<std::string>& warnings) {
  const TextUse& use = model.texts[number];
  const auto& encoder = model.text_encoders.at(use.role);
  std::vector<std::vector<int64_t>> ids;
  for (const Prompt& prompt : prompts)
    ids.push_back(ids_of(*encoder, text_for(prompt, number), field_of(prompt, number), warnings));
  const auto encode = [&](const std::vector<std::vector<int64_t>>& some, int64_t clip_skip) {
    return call_plugin(kTextEncoder, [&] {
      return model.prompts->encode(encoder, some, use.layers_back + clip_skip, use.final_norm);
    });
  };
  std::vector<TextEncoding> rows;
  if (prompts.size() == 2 && prompts[0].clip_skip != prompts[1].clip_skip)
    rows = {encode({ids[0]}, prompts[0].clip_skip)[0], encode({ids[1]}, prompts[1].clip_skip)[0]};
  else
    rows = encode(ids, prompts[0].clip_skip);
  for (const TextEncoding& row : rows) check_encoding(row, encoder->info());
  return rows;
}

Told told_of(const Settings& settings, const Prompt& prompt) {
  Told told;
  told.is_negative = prompt.is_negative;
  told.is_given = prompt.text.has_value() || prompt.second_text.has_value();
  told.width = settings.width, told.height = settings.height;
  const ImaginedPicture& imagined = prompt.is_negative ? settings.negative_imagined : settings.imagined;
  told.original_width = imagined.original_width, told.original_height = imagined.original_height;
  told.crop_left = imagined.crop_left, told.crop_top = imagined.crop_top;
  told.target_width = imagined.target_width, told.target_height = imagined.target_height;
  told.aesthetic_score = imagined.aesthetic_score;
  return told;
}

/// The rows of several conditionings below one another, each for `batch` pictures.
Conditioning stacked(const std::vector<Conditioning>& rows, int64_t batch) {
  Conditioning all;
  for (const auto& member : rows.front()) {
    std::vector<Tensor> tensors;
    for (const Conditioning& row : rows) tensors.push_back(row.at(member.first));
    all[member.first] = at::cat(tensors).repeat_interleave(batch, 0);
  }
  return all;
}

}  // namespace

Conditioning encode(const Model& model, const Settings& settings, int64_t batch, std::vector<std::string>& warnings) {
  constexpr int64_t kNegativeSkip = 0;  // as the reference does; A1111 skips here too
  std::vector<Prompt> prompts;
  if (settings.guidance.two_passes())
    prompts.push_back({true, settings.negative_prompt, settings.request.negative_prompt_2, kNegativeSkip});
  prompts.push_back({false, settings.prompt, settings.request.prompt_2, settings.clip_skip});

  std::vector<Told> told;
  for (const Prompt& prompt : prompts) told.push_back(told_of(settings, prompt));
  for (size_t number = 0; number < model.texts.size(); ++number) {
    const std::vector<TextEncoding> rows = encode_by(model, number, prompts, warnings);
    for (size_t i = 0; i < rows.size(); ++i) told[i].texts[model.texts[number].role] = rows[i];
  }
  std::vector<Conditioning> rows;
  for (const Told& one : told) rows.push_back(call_plugin(kFamily, [&] { return model.family->condition(one); }));
  Conditioning all = stacked(rows, batch);
  if (settings.guidance.is_told) all[kGuidanceScale] = at::full({batch, 1}, settings.guidance.scale, at::kDouble);
  return all;
}

}  // namespace alice
