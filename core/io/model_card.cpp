#include "core/io/model_card.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/base/regular_file.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr size_t kLongestSummary = 300;  // bytes
constexpr size_t kLongestWord = 100;     // bytes, of a trigger word or a model's name
constexpr size_t kMostWords = 10;
constexpr size_t kMostRead = 64u << 10;  // bytes of a card

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line.empty() || line.back() != '\r' ? line : line.substr(0, line.size() - 1);
}

void skip_front_matter(std::string_view& text) {
  std::string_view rest = text;
  if (take_line(rest) != "---") return;
  while (!rest.empty())
    if (take_line(rest) == "---") {
      text = rest;
      return;
    }
}

/// Headings, pictures, tables, lists, quotes, HTML and code begin with one of these.
bool is_running_text(std::string_view line) {
  constexpr std::string_view kMarks = "#<!|-*>+`=~";
  return !line.empty() && kMarks.find(line.front()) == kMarks.npos && line.substr(0, 2) != "[!" &&
         line.front() != ' ' && line.front() != '\t';
}

std::string first_paragraph(std::string_view text) {
  std::string paragraph;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (is_running_text(line))
      paragraph.append(paragraph.empty() ? "" : " ").append(line);
    else if (!paragraph.empty())
      break;
  }
  return paragraph;
}

/// "[text](address)" -> "text".
std::string without_links(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t end = text[i] == '[' ? text.find("](", i) : text.npos;
    const size_t close = end == text.npos ? text.npos : text.find(')', end);
    if (close == text.npos) {
      out += text[i];
      continue;
    }
    out += text.substr(i + 1, end - i - 1);
    i = close;
  }
  return out;
}

/// On one line, for terminals too: control characters, also those of two bytes (U+0080 to U+009F), become blanks.
std::string plain(std::string_view text) {
  std::u32string out;
  for (const char32_t c : decode_utf8(text)) {
    if (c == U'*' || c == U'`') continue;
    const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
                            (c >= 0x2066 && c <= 0x2069);
    out += is_control ? U' ' : c;
  }
  return encode_utf8(out);
}

std::string cut(const std::string& text) {
  if (text.size() <= kLongestSummary) return text;
  const size_t end = text.rfind(". ", kLongestSummary);
  return end == text.npos ? brief(text, kLongestSummary - 3) : text.substr(0, end + 1);
}

std::string read_beginning(const std::filesystem::path& path) {
  try {
    const RegularFile file(path);
    return file.read(0, static_cast<size_t>(std::min<uint64_t>(file.size(), kMostRead)));
  } catch (const Error&) {  // a model needs no card
    return "";
  }
}

std::string member_of(const std::map<std::string, std::string>& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : plain(found->second);
}

/// kohya's: {folder: {tag: how often}}, as a text.
std::vector<std::string> most_frequent_tags(const std::string& text) {
  std::map<std::string, int64_t> counts;
  const Json folders = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!folders.is_object()) return {};
  for (const Json& tags : folders)
    if (tags.is_object())
      for (const auto& [tag, count] : tags.items())
        if (count.is_number_integer() && !tag.empty() && tag.size() <= kLongestWord)
          counts[plain(tag)] += count.get<int64_t>();
  std::vector<std::pair<std::string, int64_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (size_t i = 0; i < std::min(order.size(), kMostWords); ++i) words.push_back(order[i].first);
  return words;
}

}  // namespace

std::string card_summary(std::string_view markdown) {
  skip_front_matter(markdown);
  return cut(plain(without_links(first_paragraph(markdown))));
}

std::string read_model_card(const std::filesystem::path& folder) {
  return card_summary(read_beginning(folder / "README.md"));
}

LoraCard read_lora_card(const std::map<std::string, std::string>& metadata) {
  LoraCard card;
  if (const std::string phrase = member_of(metadata, "modelspec.trigger_phrase"); !phrase.empty())
    card.trigger_words = {brief(phrase, kLongestWord)};
  else if (const auto tags = metadata.find("ss_tag_frequency"); tags != metadata.end())
    card.trigger_words = most_frequent_tags(tags->second);
  for (const char* name : {"modelspec.architecture", "ss_base_model_version", "ss_sd_model_name"})
    if (card.base_model.empty()) card.base_model = brief(member_of(metadata, name), kLongestWord);
  return card;
}

}  // namespace alice
