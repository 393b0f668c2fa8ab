#include "plugins/models/clip/vocabulary.h"

#include <algorithm>

#include "core/base/error.h"
#include "plugins/models/clip/prompt_text.h"

namespace alice::clip {
namespace {

[[noreturn]] void fail(const std::string& place, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, place, sentence);
}

int64_t id_of(const VocabularyText& text, const std::string& token, const std::string& use) {
  const auto found = text.ids.find(token);
  if (found == text.ids.end()) fail(text.place, use + " '" + token + "' is no entry of the vocabulary");
  return found->second;
}

void check_numbers(const VocabularyText& text, int64_t size) {
  for (const auto& [token, id] : text.ids)
    if (id < 0 || id >= size)
      fail(text.place, "token '" + token + "' has the number " + std::to_string(id) +
                           ", but the embedding has rows 0 to " + std::to_string(size - 1));
}

}  // namespace

Vocabulary build_vocabulary(const VocabularyText& text, int64_t size) {
  check_numbers(text, size);
  Vocabulary vocabulary{
      BytePairs(text.ids), id_of(text, text.start, "the start mark"), id_of(text, text.end, "the end mark"), 0, {}, {}};
  const std::string pad = text.pad.empty() ? text.end : text.pad;
  vocabulary.pad = id_of(text, pad, "the pad mark");
  for (const auto& [left, right] : text.merges) {
    const int64_t left_id = id_of(text, left, "a merge's left part"),
                  right_id = id_of(text, right, "a merge's right part");
    vocabulary.pairs.add(left_id, right_id, id_of(text, left + right, "a merge's result"));
  }

  std::vector<std::string> marks = text.marks;
  marks.insert(marks.end(), {text.start, text.end, pad});
  for (const std::string& mark : marks)
    if (!mark.empty()) vocabulary.marks.emplace_back(normalise(mark), id_of(text, mark, "the mark"));
  std::stable_sort(vocabulary.marks.begin(), vocabulary.marks.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });

  for (const auto& [token, id] : text.ids) vocabulary.tokens.emplace(id, token);
  return vocabulary;
}

std::vector<std::pair<std::string, std::string>> read_merges(std::string_view lines, const std::string& place) {
  std::vector<std::pair<std::string, std::string>> merges;
  for (size_t number = 1; !lines.empty(); ++number) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.substr(0, 8) == "#version") continue;
    const size_t space = line.find(' ');
    if (space == 0 || space == std::string_view::npos || space + 1 == line.size() ||
        line.find(' ', space + 1) != std::string_view::npos)
      fail(place + ":" + std::to_string(number), "must be two parts with one space between them");
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

std::unordered_map<std::string, int64_t> ids_of_merges(const VocabularyText& text) {
  std::unordered_map<std::string, int64_t> ids;
  int64_t next = 0;
  for (const char* end : {"", kWordEnd})
    for (uint8_t byte : byte_letters().in_order) ids.emplace(byte_letters().utf8[byte] + end, next++);
  for (const auto& [left, right] : text.merges) ids.emplace(left + right, next++);
  ids.emplace(text.start, next++);
  ids.emplace(text.end, next++);
  return ids;
}

}  // namespace alice::clip
