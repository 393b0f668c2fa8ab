#pragma once
// The files of web/, as the build has put them into the program.

#include <string>
#include <string_view>

namespace alice {

struct WebFile {
  std::string_view name;  ///< below web/: "pages/queue.js"
  std::string_view text;
};

/// Null when there is none.
const WebFile* web_file(std::string_view name);
/// By the ending of its name: "text/javascript; charset=utf-8".
std::string web_type_of(std::string_view name);

}  // namespace alice
