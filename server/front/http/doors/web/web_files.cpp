#include "server/front/http/doors/web/web_files.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "web_files_text.h"  // made by the build: kWebFiles

namespace alice {

const WebFile* web_file(std::string_view name) {
  const auto found = std::find_if(std::begin(kWebFiles), std::end(kWebFiles),
                                  [&](const WebFile& file) { return file.name == name; });
  return found == std::end(kWebFiles) ? nullptr : &*found;
}

std::string web_type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {
      {{"html", "text/html"},
       {"js", "text/javascript"},
       {"css", "text/css"},
       {"json", "application/json"},
       {"svg", "image/svg+xml"}}};
  const std::string_view ending = name.substr(std::min(name.rfind('.'), name.size() - 1) + 1);
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.first == ending; });
  return std::string(found == kTypes.end() ? "text/plain" : found->second) + "; charset=utf-8";
}

}  // namespace alice
