#include "core/base/prompt_syntax.h"

#include <regex>

#include "core/base/utf8.h"

namespace alice {
namespace {

struct Kind {
  std::regex pattern;  ///< the first group is what is quoted
  const char* what;
};

/// Of each at most so many letters between its brackets, so that no text makes the search slow.
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    const auto kind = [](const char* pattern, const char* what) {
      return Kind{std::regex(pattern, std::regex::optimize), what};
    };
    return std::vector<Kind>{
        kind(R"((?:^|[^\\])(\([^()]{1,80}:\s*[0-9.]{1,8}\s*\)))", "weights of words are not understood"),
        kind(R"((?:^|[^\\])(\(\([^()]{1,80}\)\)))", "weights of words are not understood"),
        kind(R"((?:^|[^\\])(\[[^\[\]]{1,80}\]))",
             "weights of words, and words that change within a run, are not understood"),
        kind(R"((?:^|\s)(BREAK)(?:\s|$))", "prompts are not cut into parts"),
        kind(R"((?:^|\s)(AND)(?:\s|$))", "prompts are not joined by it"),
        kind(R"((?:^|[\s,(])(embedding:[^\s,():]{1,80}))", "textual inversions are not built yet"),
        kind(R"((?:^|[^\\])(\{[^{}]{0,80}\|[^{}]{0,80}\}))", "nothing is chosen from a list"),
        kind(R"((?:^|\s)(__[A-Za-z0-9/_-]{1,80}__))", "nothing is chosen from a file of words"),
        kind(R"((<[A-Za-z]{1,20}:[^<>]{1,80}>))", "the only tags that are understood are those of LoRAs"),
    };
  }();
  return all;
}

}  // namespace

std::vector<std::string> unknown_syntax(const std::string& prompt) {
  constexpr size_t kMostLooked = 4000;  // bytes: more than an encoder reads
  const std::string text = prompt.substr(0, kMostLooked);
  std::vector<std::string> sentences;
  for (const Kind& kind : kinds()) {
    std::smatch found;
    if (!std::regex_search(text, found, kind.pattern)) continue;
    const std::string sentence = std::string(" is taken as it stands: ") + kind.what + " here";
    const bool is_told = !sentences.empty() && sentences.back().find(sentence) != std::string::npos;
    if (!is_told) sentences.push_back("'" + brief(found[1].str(), 60) + "'" + sentence);
  }
  return sentences;
}

}  // namespace alice
