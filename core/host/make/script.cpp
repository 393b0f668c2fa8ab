#include "core/host/make/script.h"

#include <algorithm>
#include <set>

#include "core/base/prompt_weights.h"

namespace alice {
namespace {

constexpr size_t kMostTexts = 128;              // that a prompt changes into
constexpr size_t kMostBytes = size_t{1} << 20;  // of all of them

std::vector<PromptStretch> stretches_of(const std::string& text, PromptStyle style, int64_t calls) {
  if (style_of(text, style) != PromptStyle::a1111) return {{calls, text}};
  return PromptSchedule(text).stretches(calls);
}

const std::string& text_at(const std::vector<PromptStretch>& stretches, int64_t end) {
  const auto found = std::find_if(stretches.begin(), stretches.end(),
                                  [&](const PromptStretch& stretch) { return stretch.end >= end; });
  return found == stretches.end() ? stretches.back().text : found->text;
}

void check_amount(const std::vector<Moment>& moments, const GuidedPrompt& prompt) {
  std::set<std::pair<std::string_view, std::string_view>> texts;
  size_t bytes = 0;
  for (const Moment& moment : moments)
    if (texts.emplace(moment.text, moment.second_text).second) bytes += moment.text.size() + moment.second_text.size();
  if (texts.size() <= kMostTexts && bytes <= kMostBytes) return;
  throw Error(ErrorCode::bad_request, prompt.is_negative ? "/negative_prompt" : "/prompt",
              "changes into " + std::to_string(texts.size()) + " texts of " + std::to_string(bytes) +
                  " bytes; at most " + std::to_string(kMostTexts) + " of " + std::to_string(kMostBytes) +
                  " are encoded");
}

}  // namespace

PromptStyle style_of(const std::string& text, PromptStyle style) {
  return text.size() > kLongestPrompt ? PromptStyle::plain : style;
}

std::vector<GuidedPrompt> prompts_of(const Settings& settings) {
  constexpr int64_t kNegativeSkip = 0;  // as the reference does
  const PromptStyle style = settings.request.prompt_style.value_or(PromptStyle::plain);
  const GenerateRequest& request = settings.request;
  std::vector<GuidedPrompt> prompts;
  const auto add = [&](bool is_negative, const std::optional<std::string>& text,
                       const std::optional<std::string>& second) {
    GuidedPrompt prompt;
    prompt.is_negative = is_negative;
    prompt.text = text.value_or("");
    prompt.has_second = second.has_value();
    prompt.second_text = second.value_or(prompt.text);
    prompt.is_given = text.has_value() || second.has_value();
    // A1111 has zeros for an empty negative prompt where the family has them for none (modules/sd_models_xl.py).
    if (style == PromptStyle::a1111 && is_negative && prompt.text.empty() && prompt.second_text.empty())
      prompt.is_given = false;
    prompt.clip_skip = is_negative && style != PromptStyle::a1111 ? kNegativeSkip : settings.clip_skip;
    prompts.push_back(std::move(prompt));
  };
  if (settings.guidance.two_passes()) add(true, settings.negative_prompt, request.negative_prompt_2);
  if (style_of(settings.prompt, style) != PromptStyle::a1111) {
    add(false, settings.prompt, request.prompt_2);
    return prompts;
  }
  for (const PromptPart& part : split_parts(settings.prompt)) add(false, part.text, request.prompt_2);
  return prompts;
}

std::vector<Moment> moments_of(const GuidedPrompt& prompt, PromptStyle style, int64_t calls) {
  const std::vector<PromptStretch> first = stretches_of(prompt.text, style, calls);
  const std::vector<PromptStretch> second =
      prompt.has_second ? stretches_of(prompt.second_text, style, calls) : first;
  std::set<int64_t> ends;
  for (const auto* stretches : {&first, &second})
    for (const PromptStretch& stretch : *stretches) ends.insert(stretch.end);
  std::vector<Moment> moments;
  for (const int64_t end : ends) moments.push_back({end, text_at(first, end), text_at(second, end)});
  check_amount(moments, prompt);
  return moments;
}

bool changes(const std::vector<GuidedPrompt>& prompts, PromptStyle style) {
  const auto text_changes = [&](const std::string& text) {
    return style_of(text, style) == PromptStyle::a1111 && PromptSchedule(text).changes();
  };
  return std::any_of(prompts.begin(), prompts.end(), [&](const GuidedPrompt& prompt) {
    return text_changes(prompt.text) || text_changes(prompt.second_text);
  });
}

}  // namespace alice
