#include "server/config/new_config.h"

#include <sstream>

#include "core/base/atomic_file.h"
#include "server/config/environment.h"
#include "shipped_config_text.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// A member of a section, or of a list: what is set in, and no comment.
bool is_value(const std::string& line) {
  const size_t text = line.find_first_not_of(' ');
  return text != line.npos && text > 0 && line[text] != '#';
}

/// The user's own, or the one that the environment names in place of it.
fs::path usual_file(const ConfigSources& sources) {
  const std::vector<SoughtFile> files = sought_files(sources);
  if (files.empty() || files.back().path == sources.system_file)
    throw Error(ErrorCode::bad_request, "HOME", "is not set: say where: alice config init FILE");
  if (!files.back().named_by.empty()) return files.back().path;
  std::error_code ignored;  // AtomicFile tells what is wrong with the folder
  fs::create_directories(files.back().path.parent_path(), ignored);
  return files.back().path;
}

}  // namespace

std::string new_config_text() {
  std::istringstream lines(kShippedConfigText);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (is_value(line)) line.insert(line.find_first_not_of(' '), "# ");
    text += line + "\n";
  }
  return text;
}

fs::path new_config_file(const std::string& target, const ConfigSources& sources) {
  if (target.empty()) return usual_file(sources);
  std::error_code status;  // what cannot be looked at is told when it is written to
  return fs::is_directory(target, status) ? fs::path(target) / "config.yaml" : fs::path(target);
}

void write_new_config(const fs::path& file) {
  std::error_code status;
  if (fs::symlink_status(file, status).type() != fs::file_type::not_found)
    throw Error(ErrorCode::bad_request, file.string(), "is there already, and is not written over");
  AtomicFile out(file);
  out.write(new_config_text());
  out.commit();
}

}  // namespace alice
