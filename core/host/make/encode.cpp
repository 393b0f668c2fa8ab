#include "core/host/make/encode.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/host/make/counted_calls.h"
#include "core/host/make/script.h"
#include "core/host/make/weighting.h"
#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kFamily = "the family of the model";  // who is to blame, for people

/// A prompt with what it was encoded to: moments[i] says texts[which[i]].
struct Encoded {
  std::vector<Moment> moments;
  std::vector<size_t> which;
  TextRows rows;  ///< by text
};

std::string field_of(const GuidedPrompt& prompt, size_t number) {
  const bool is_second = number > 0 && prompt.has_second;
  return std::string(prompt.is_negative ? "/negative_prompt" : "/prompt") + (is_second ? "_2" : "");
}

Told told_of(const Settings& settings, const GuidedPrompt& prompt) {
  Told told;
  told.is_negative = prompt.is_negative;
  told.is_given = prompt.is_given;
  told.width = settings.width, told.height = settings.height;
  const ImaginedPicture& imagined = prompt.is_negative ? settings.negative_imagined : settings.imagined;
  told.original_width = imagined.original_width, told.original_height = imagined.original_height;
  told.crop_left = imagined.crop_left, told.crop_top = imagined.crop_top;
  told.target_width = imagined.target_width, told.target_height = imagined.target_height;
  told.aesthetic_score = imagined.aesthetic_score;
  return told;
}

/// Those of several encoders are of one length: the longer ones are cut, as ComfyUI does.
void cut_to_the_shortest(std::vector<Told>& told) {
  int64_t least = INT64_MAX;
  for (const Told& one : told)
    for (const auto& text : one.texts) least = std::min(least, text.second.tokens.size(1));
  for (Told& one : told)
    for (auto& text : one.texts) text.second.tokens = text.second.tokens.narrow(1, 0, least);
}

class PromptEncoder {
 public:
  PromptEncoder(const Model& model, const Settings& settings, std::vector<std::string>& warnings)
      : model_(model),
        settings_(settings),
        style_(settings.request.prompt_style.value_or(PromptStyle::plain)),
        warnings_(warnings) {}

  Encoded encode(const GuidedPrompt& prompt, int64_t calls) {
    Encoded encoded;
    encoded.moments = moments_of(prompt, style_, calls);
    std::map<std::pair<std::string, std::string>, size_t> places;
    std::vector<const Moment*> texts;
    std::vector<int64_t> times;
    for (const Moment& moment : encoded.moments) {
      const auto [place, is_new] = places.try_emplace({moment.text, moment.second_text}, texts.size());
      if (is_new) texts.push_back(&moment), times.push_back(0);
      encoded.which.push_back(place->second);
      ++times[place->second];
    }
    std::vector<Told> told(texts.size(), told_of(settings_, prompt));
    for (size_t number = 0; number < model_.texts.size(); ++number) {
      const std::vector<TextEncoding> rows = by_encoder(number, prompt, texts, times);
      for (size_t i = 0; i < rows.size(); ++i) told[i].texts[model_.texts[number].role] = rows[i];
    }
    cut_to_the_shortest(told);
    for (const Told& one : told)
      encoded.rows.push_back(call_plugin(kFamily, [&] { return model_.family->condition(one); }));
    return encoded;
  }

 private:
  std::vector<TextEncoding> by_encoder(size_t number, const GuidedPrompt& prompt,
                                       const std::vector<const Moment*>& texts, const std::vector<int64_t>& times) {
    const TextUse& use = model_.texts[number];
    const WindowsFor reader = {*model_.text_encoders.at(use.role), use.role, settings_.embeddings};
    const std::string field = field_of(prompt, number);
    std::vector<WeightedPrompt> weighted;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string& text = number > 0 ? texts[i]->second_text : texts[i]->text;
      std::vector<std::string> told;
      weighted.push_back({windows_of(reader, text, style_of(text, style_), field, told), times[i]});
      for (std::string& warning : told)
        if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
          warnings_.push_back(std::move(warning));
    }
    return encode_texts(model_, use, prompt.clip_skip, std::move(weighted), style_, field);
  }

  const Model& model_;
  const Settings& settings_;
  const PromptStyle style_;
  std::vector<std::string>& warnings_;
};

/// Parts of one prompt with fewer tokens than another get their last vector again (stack_conds in A1111's
/// modules/prompt_parser.py).
void make_alike(TextRows& rows, size_t first) {
  int64_t most = 0;
  for (size_t i = first; i < rows.size(); ++i) most = std::max(most, rows[i].at("tokens").size(1));
  for (size_t i = first; i < rows.size(); ++i) {
    Tensor& tokens = rows[i]["tokens"];
    const int64_t length = tokens.size(1);
    if (length < most) tokens = at::cat({tokens, tokens.narrow(1, length - 1, 1).repeat({1, most - length, 1})}, 1);
  }
}

size_t text_at(const Encoded& encoded, int64_t end) {
  for (size_t i = 0; i < encoded.moments.size(); ++i)
    if (encoded.moments[i].end >= end) return encoded.which[i];
  return encoded.which.back();
}

/// Each picture's rows, of `batch` pictures.
TextRows told_at(const std::vector<Encoded>& prompts, const std::vector<size_t>& texts, const Settings& settings,
                 int64_t batch) {
  TextRows rows;
  for (size_t i = 0; i < prompts.size(); ++i) rows.push_back(prompts[i].rows[texts[i]]);
  make_alike(rows, rows.size() - static_cast<size_t>(settings.guidance.positives()));
  for (Conditioning& row : rows) {
    for (auto& member : row) member.second = member.second.repeat_interleave(batch, 0);
    if (settings.guidance.is_told) row[kGuidanceScale] = at::full({batch, 1}, settings.guidance.scale, at::kDouble);
  }
  return rows;
}

}  // namespace

Course encode(const Model& model, const Settings& settings, int64_t batch, std::vector<std::string>& warnings) {
  const std::vector<GuidedPrompt> prompts = prompts_of(settings);
  const int64_t calls = calls_of(model, settings);
  PromptEncoder encoder(model, settings, warnings);
  std::vector<Encoded> encoded;
  std::set<int64_t> ends;
  for (const GuidedPrompt& prompt : prompts) {
    encoded.push_back(encoder.encode(prompt, calls));
    for (const Moment& moment : encoded.back().moments) ends.insert(moment.end);
  }
  Course course;
  std::map<std::vector<size_t>, size_t> known;
  for (const int64_t end : ends) {
    std::vector<size_t> texts;
    for (const Encoded& prompt : encoded) texts.push_back(text_at(prompt, end));
    const auto [place, is_new] = known.try_emplace(texts, course.told.size());
    if (is_new) course.told.push_back(told_at(encoded, texts, settings, batch));
    course.stretches.push_back({static_cast<size_t>(end), place->second});
  }
  return course;
}

}  // namespace alice
