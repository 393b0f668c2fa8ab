#include "server/config/config_text.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "core/base/regular_file.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

/// Where `text` stops to be UTF-8; its size when it never does.
size_t first_bad_utf8(const std::string& text) {
  const std::string repaired = encode_utf8(decode_utf8(text));
  return static_cast<size_t>(std::mismatch(text.begin(), text.end(), repaired.begin(), repaired.end()).first -
                             text.begin());
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

void end_lines_with_line_feeds(std::string& text) {
  size_t kept = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!pair) text[kept++] = text[i] == '\r' ? '\n' : text[i];
  }
  text.resize(kept);
}

std::string hex(char byte) {
  char out[8];
  std::snprintf(out, sizeof out, "0x%02X", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  return out;
}

}  // namespace

std::string read_config_bytes(const std::filesystem::path& file, const std::string& name) {
  const auto refuse = [&](const std::string& sentence) { throw Error(ErrorCode::bad_config, name, sentence); };
  std::error_code status;
  const auto kind = std::filesystem::status(file, status).type();
  if (kind == std::filesystem::file_type::not_found) refuse("there is no such file");
  if (kind == std::filesystem::file_type::directory) refuse("is a folder; name the YAML file itself");
  try {
    const RegularFile opened(file, ErrorCode::bad_config);
    if (opened.size() > kLargestConfig)
      refuse("is larger than " + std::to_string(kLargestConfig >> 10) + " KiB: is it a configuration?");
    return opened.read(0, static_cast<size_t>(opened.size()));
  } catch (const Error& error) {
    throw Error(ErrorCode::bad_config, name, error.sentence());
  }
}

std::string clean_config_text(std::string bytes, const std::string& name) {
  if (bytes.compare(0, 3, "\xEF\xBB\xBF") == 0) bytes.erase(0, 3);
  end_lines_with_line_feeds(bytes);
  const auto refuse = [&](size_t at, const std::string& sentence) {
    throw Error(ErrorCode::bad_config, place_in_text(name, bytes, at), sentence);
  };
  const size_t bad = first_bad_utf8(bytes);
  if (bad < bytes.size()) refuse(bad, "is no UTF-8 text: byte " + hex(bytes[bad]));
  const auto control = static_cast<size_t>(std::find_if(bytes.begin(), bytes.end(), is_control) - bytes.begin());
  if (control < bytes.size()) refuse(control, "has the control character " + hex(bytes[control]) + " in it");
  return bytes;
}

std::string place_in_text(const std::string& name, const std::string& text, size_t offset) {
  const std::string_view before = std::string_view(text).substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line
  return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace alice
