#include "core/base/lora_tags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace alice {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// True when there were blanks.
bool strip_left(std::string_view& text) {
  const size_t before = text.size();
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text.size() != before;
}

bool strip_right(std::string& text) {
  const size_t before = text.size();
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  return text.size() != before;
}

std::string stripped(std::string_view text) {
  strip_left(text);
  std::string out(text);
  strip_right(out);
  return out;
}

constexpr std::string_view kTagStart = "<lora:";

size_t find_tag(std::string_view text) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  const auto found = std::search(text.begin(), text.end(), kTagStart.begin(), kTagStart.end(), same);
  return static_cast<size_t>(found - text.begin());
}

/// False when `text` is no finite number.
bool read_strength(const std::string& text, double& out) {
  const char* begin = text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, out);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(out);
}

/// `inside`: what stands between "<lora:" and ">".
void read_tag(std::string_view inside, std::vector<LoraUse>& loras, Faults& faults) {
  const size_t colon = inside.find(':');
  LoraUse lora;
  lora.name = stripped(inside.substr(0, colon));
  const auto fault = [&](const std::string& what) {
    faults.add("/prompt", "<lora:" + std::string(inside) + "> " + what);
  };
  if (lora.name.empty()) return fault("names no LoRA");
  if (colon != std::string_view::npos && !read_strength(stripped(inside.substr(colon + 1)), lora.strength))
    return fault("needs one number as its strength, as in <lora:name:0.8>");
  loras.push_back(std::move(lora));
}

/// Closes the gap that a tag leaves between `left` and `right`: one comma where there were two, none at an end, one
/// blank where there was any.
void close_gap(std::string& left, std::string_view& right) {
  const bool blank_left = strip_right(left), blank_right = strip_left(right);
  while ((left.empty() || left.back() == ',') && !right.empty() && right.front() == ',') {
    right.remove_prefix(1);
    strip_left(right);
  }
  if (right.empty() && !left.empty() && left.back() == ',') {
    left.pop_back();
    strip_right(left);
  }
  if (left.empty() || right.empty() || right.front() == ',') return;
  if (blank_left || blank_right || left.back() == ',') left += ' ';
}

}  // namespace

void take_lora_tags(std::string& prompt, std::vector<LoraUse>& loras, Faults& faults) {
  std::string_view rest = prompt;
  std::string left;
  for (size_t start = find_tag(rest); start < rest.size(); start = find_tag(rest)) {
    left += rest.substr(0, start);
    rest.remove_prefix(start + kTagStart.size());
    const size_t end = rest.find('>');
    if (end == std::string_view::npos) return faults.add("/prompt", "has a <lora: tag that no > closes");
    read_tag(rest.substr(0, end), loras, faults);
    rest.remove_prefix(end + 1);
    close_gap(left, rest);
  }
  left += rest;
  prompt = std::move(left);
}

}  // namespace alice
