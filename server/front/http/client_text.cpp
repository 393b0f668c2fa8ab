#include "server/front/http/client_text.h"

#include <algorithm>
#include <cctype>

namespace alice {
namespace {

bool may_stand_before(char c) {
  const auto letter = static_cast<unsigned char>(c);
  return std::isalnum(letter) == 0 && letter < 0x80 && std::string_view("._-:/}").find(c) == std::string_view::npos;
}

bool ends_path(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0 || std::string_view("'\"`,;()<>|").find(c) != std::string_view::npos;
}

/// Up to the end of the path that begins at `at`. A colon ends it before a blank or at the text's end.
std::string_view path_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && !ends_path(text[end])) ++end;
  while (end > at && (text[end - 1] == ':' || text[end - 1] == '.')) --end;
  return text.substr(at, end - at);
}

/// One of the roots may have blanks in its name: so it is looked for as it is.
const std::filesystem::path* root_at(std::string_view text, size_t at, const std::vector<std::filesystem::path>& roots) {
  const std::filesystem::path* longest = nullptr;
  for (const std::filesystem::path& root : roots) {
    const std::string& name = root.native();
    const bool is_here = name.size() > 1 && text.substr(at, name.size()) == name &&
                         (at + name.size() == text.size() || text[at + name.size()] == '/' || name.back() == '/');
    if (is_here && (longest == nullptr || longest->native().size() < name.size())) longest = &root;
  }
  return longest;
}

}  // namespace

std::string without_folders(std::string_view text, const std::vector<std::filesystem::path>& roots) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '/' || (i > 0 && !may_stand_before(text[i - 1]))) {
      out += text[i++];
      continue;
    }
    if (const auto* root = root_at(text, i, roots); root != nullptr) {
      i += root->native().size();
      if (i < text.size() && text[i] == '/') ++i;
      const std::string_view below = path_at(text, i);
      out += below.empty() ? root->filename().string() : std::string(below);
      i += below.size();
      continue;
    }
    const std::string_view path = path_at(text, i);
    const size_t last = path.rfind('/');
    out += last == 0 ? path : path.substr(last + 1);
    i += std::max<size_t>(path.size(), 1);
  }
  return out;
}

Json json_without_folders(Json json, const std::vector<std::filesystem::path>& roots) {
  if (json.is_string()) return without_folders(json.get_ref<const std::string&>(), roots);
  if (json.is_structured())
    for (Json& member : json) member = json_without_folders(std::move(member), roots);
  return json;
}

}  // namespace alice
