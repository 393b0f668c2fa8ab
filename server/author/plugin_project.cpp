#include "server/author/plugin_project.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/regular_file.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemplateName = "my_plugin";
constexpr size_t kLongestName = 40;

/// Targets that CMake or its generators make.
constexpr std::array<std::string_view, 10> kTakenTargets = {"all",           "clean",   "edit_cache",     "help",
                                                            "install",       "package", "package_source", "preinstall",
                                                            "rebuild_cache", "test"};

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_joint(char c) { return c == '_' || c == '-'; }

bool is_well_formed(const std::string& name) {
  if (name.size() < 2 || name.size() > kLongestName || !is_letter(name.front()) || is_joint(name.back())) return false;
  for (size_t i = 1; i < name.size(); ++i)
    if (!is_letter(name[i]) && !is_digit(name[i]) && (!is_joint(name[i]) || is_joint(name[i - 1]))) return false;
  return true;
}

std::string renamed(std::string text, const std::string& name) {
  for (size_t at = 0; (at = text.find(kTemplateName, at)) != std::string::npos; at += name.size())
    text.replace(at, kTemplateName.size(), name);
  return text;
}

std::string read(const fs::path& file) {
  constexpr size_t kLargest = 1u << 20;  // bytes; a template has some thousands
  return read_regular_file(file, kLargest, ErrorCode::internal);
}

void write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw Error(ErrorCode::internal, file.string(), "cannot be written; is the disk full?");
}

/// The project's folder while it is being filled: gone again unless keep() is called.
class NewFolder {
 public:
  explicit NewFolder(fs::path folder) : folder_(std::move(folder)) {
    std::error_code status;
    if (fs::exists(fs::symlink_status(folder_, status)))
      throw Error(ErrorCode::bad_request, folder_.string(), "is already there; choose another name, or another --into");
    if (!fs::create_directory(folder_, status))
      throw Error(ErrorCode::internal, folder_.string(), "cannot be made: " + status.message());
  }
  ~NewFolder() {
    std::error_code ignored;  // a destructor has nobody to tell
    if (!kept_) fs::remove_all(folder_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  void keep() { kept_ = true; }

 private:
  fs::path folder_;
  bool kept_ = false;
};

void copy_renamed(const fs::path& from, const fs::path& to, const std::string& name) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(from))
    if (entry.is_regular_file()) files.push_back(entry.path());
  for (const fs::path& file : files) {
    const fs::path target = to / renamed(file.lexically_relative(from).string(), name);
    fs::create_directories(target.parent_path());
    write(target, renamed(read(file), name));
  }
}

}  // namespace

void check_plugin_name(const std::string& name) {
  if (!is_well_formed(name))
    throw Error(ErrorCode::bad_request, "NAME",
                "must be 2 to 40 lower-case letters, digits and single _ or - between them, a letter first; got '" +
                    name + "'");
  if (std::find(kTakenTargets.begin(), kTakenTargets.end(), name) != kTakenTargets.end())
    throw Error(ErrorCode::bad_request, "NAME", "must not be '" + name + "', which CMake has a target of its own for");
}

fs::path write_plugin_project(const PluginProject& project, const fs::path& templates) {
  check_plugin_name(project.name);
  std::error_code status;
  if (!fs::is_directory(project.into, status))
    throw Error(ErrorCode::bad_request, "--into", "there is no folder '" + project.into.string() + "'");
  const std::array<fs::path, 2> sources = {templates / "common", templates / project.kind};
  for (const fs::path& source : sources)
    if (!fs::is_directory(source, status))
      throw Error(ErrorCode::not_found, source.string(),
                  "is not there; the templates of plugins lie beside the program alice: is this installation whole?");

  const fs::path folder = project.into / project.name;
  NewFolder made(folder);
  try {
    for (const fs::path& source : sources) copy_renamed(source, folder, project.name);
  } catch (const fs::filesystem_error& e) {
    throw Error(ErrorCode::internal, folder.string(), std::string("cannot be filled: ") + e.what());
  }
  made.keep();
  return folder;
}

}  // namespace alice
