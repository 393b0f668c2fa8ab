#include "core/host/named_embeddings.h"

#include <algorithm>
#include <set>

#include "core/base/prompt_weights.h"
#include "core/base/tensor_files.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

/// Small letters of ASCII, each run of blanks one: as tokenizers read it, near enough to find what may be meant.
std::string normal(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (is_blank && (out.empty() || out.back() == ' ')) continue;
    out += is_blank ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

/// Every text that a text encoder may be shown, with its field.
std::map<std::string, std::string> texts_of(const Settings& settings, PromptStyle style, int64_t calls) {
  std::map<std::string, std::string> texts;
  for (const GuidedPrompt& prompt : prompts_of(settings))
    for (const Moment& moment : moments_of(prompt, style, calls)) {
      const std::string field = prompt.is_negative ? "/negative_prompt" : "/prompt";
      texts.emplace(moment.text, field);
      texts.emplace(moment.second_text, prompt.has_second ? field + "_2" : field);
    }
  return texts;
}

std::set<std::string> named_bare(const std::string& text, const std::string& field,
                                 const std::vector<std::string>& words) {
  std::set<std::string> named;
  for (const WeightedText& piece : a1111_weights(text, field)) {
    const std::string piece_text = normal(piece.text);
    for (const std::string& word : words)
      if (piece_text.find(normal(word)) != piece_text.npos) named.insert(word);
  }
  return named;
}

/// What stands behind "embedding:" where it begins a word.
std::set<std::string> named_by_mark(const std::string& text, const std::string& field,
                                    const std::vector<std::string>& words, std::vector<std::string>& warnings) {
  const std::string mark = "embedding:";
  std::set<std::string> named;
  for (const WeightedText& piece : comfyui_weights(text, field)) {
    for (size_t at = piece.text.find(mark); at != std::string::npos; at = piece.text.find(mark, at + mark.size())) {
      if (at > 0 && piece.text[at - 1] != ' ' && piece.text[at - 1] != '\n') continue;
      const size_t begin = at + mark.size();
      std::string name = piece.text.substr(begin, piece.text.find_first_of(" \t\r\n", begin) - begin);
      const auto is_known = [&] { return std::find(words.begin(), words.end(), name) != words.end(); };
      if (!is_known()) name = name.substr(0, name.find_last_not_of(',') + 1);
      if (is_known())
        named.insert(name);
      else
        warnings.push_back(field + ": \"embedding:" + brief(name, 60) +
                           "\": there is no such embedding; it is left out, as ComfyUI has it");
    }
  }
  return named;
}

}  // namespace

EmbeddingFiles by_word(const std::map<std::string, std::filesystem::path>& all) {
  EmbeddingFiles files;
  for (const auto& [id, path] : all) {
    const std::string file = std::filesystem::path(id).filename().string(), stem = without_tensor_ending(file);
    files.emplace(stem.empty() ? file : stem, path);
  }
  return files;
}

std::vector<std::string> named_words(const Settings& settings, int64_t calls, const std::vector<std::string>& words,
                                     std::vector<std::string>& warnings) {
  const PromptStyle style = settings.request.prompt_style.value_or(PromptStyle::plain);
  if (style == PromptStyle::plain) return {};
  std::set<std::string> named;
  for (const auto& [text, field] : texts_of(settings, style, calls)) {
    const PromptStyle own = style_of(text, style);
    if (own == PromptStyle::a1111) named.merge(named_bare(text, field, words));
    if (own == PromptStyle::comfyui) named.merge(named_by_mark(text, field, words, warnings));
  }
  return {named.begin(), named.end()};
}

}  // namespace alice
