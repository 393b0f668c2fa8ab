#include "core/base/lora_tags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
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

/// A1111's words for one that names a LoRA: lyco is of the extension that LyCORIS files once needed.
constexpr std::string_view kTagStarts[] = {"<lora:", "<lyco:"};

struct TagStart {
  size_t at;          // in the text; its size when there is none
  size_t length = 0;  // of the start
};

bool begins_with(std::string_view text, std::string_view start) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin(),
                                                   [&](char wanted, char c) { return same(c, wanted); });
}

/// In time that grows with what stands before it: a prompt may be full of tags.
TagStart find_tag(std::string_view text) {
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1))
    for (const std::string_view start : kTagStarts)
      if (begins_with(text.substr(at), start)) return {at, start.size()};
  return {text.size()};
}

/// False when `text` is no finite number.
bool read_strength(const std::string& text, double& out) {
  const char* begin = text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, out);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(out);
}

/// The parts of a text between colons.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t colon = text.find(':'); colon != text.npos; colon = text.find(':')) {
    parts.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

/// A tag's strengths, as A1111 reads them: the first is of the text encoder and, unless another follows, of the UNet
/// too.
struct Strengths {
  std::optional<double> text_encoder, unet;
  size_t places = 0;  // given without a name
};

/// Takes "0.8", "te=0.5" or "unet=1" up; what is wrong with it, or "".
std::string take_strength(const std::string& text, Strengths& strengths) {
  const size_t equals = text.find('=');
  std::string name = stripped(std::string_view(text).substr(0, equals == text.npos ? 0 : equals));
  const std::string number = stripped(std::string_view(text).substr(equals == text.npos ? 0 : equals + 1));
  if (equals == text.npos) {
    if (strengths.places > 1) return "has more than two numbers";
    name = strengths.places++ == 0 ? "te" : "unet";
  }
  if (name != "te" && name != "unet") return "has '" + name + "', which is none of te and unet";
  double value = 0;
  if (!read_strength(number, value)) return "needs numbers as its strengths, as in <lora:name:0.8>";
  (name == "te" ? strengths.text_encoder : strengths.unet) = value;
  return "";
}

/// `inside`: what stands between "<lora:" and ">".
void read_tag(std::string_view inside, std::vector<LoraUse>& loras, Faults& faults) {
  const std::vector<std::string_view> parts = split(inside);
  const auto fault = [&](const std::string& what) {
    faults.add("/prompt", "<lora:" + std::string(inside) + "> " + what);
  };
  LoraUse lora;
  lora.name = parts[0];  // with its blanks: a file may have them too
  if (stripped(lora.name).empty()) return fault("names no LoRA");
  Strengths strengths;
  for (size_t i = 1; i < parts.size(); ++i)
    if (const std::string wrong = take_strength(std::string(parts[i]), strengths); !wrong.empty()) return fault(wrong);
  const double text_encoder = strengths.text_encoder.value_or(1);
  lora.strength = strengths.unet.value_or(text_encoder);
  if (text_encoder != lora.strength) lora.text_encoder_strength = text_encoder;
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
  for (TagStart start = find_tag(rest); start.at < rest.size(); start = find_tag(rest)) {
    const std::string_view tag = rest.substr(start.at, start.length);
    left += rest.substr(0, start.at);
    rest.remove_prefix(start.at + start.length);
    const size_t end = rest.find('>');
    if (end == std::string_view::npos)
      return faults.add("/prompt", "has a " + std::string(tag) + " tag that no > closes");
    read_tag(rest.substr(0, end), loras, faults);
    rest.remove_prefix(end + 1);
    close_gap(left, rest);
  }
  left += rest;
  prompt = std::move(left);
}

}  // namespace alice
