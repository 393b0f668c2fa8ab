#pragma once
// `alice plugin new`: a plugin project, made from the templates that lie beside the program.

#include <filesystem>
#include <string>

namespace alice {

struct PluginProject {
  std::string name;            ///< of the plugin, its library and its folder: see check_plugin_name()
  std::string kind;            ///< a folder of the templates: "scheduler"
  std::filesystem::path into;  ///< where the project's folder is made; must be there
};

/// Throws Error(bad_request) unless `name` can name a library, a CMake target, a folder and a plugin at once:
/// lower-case letters, digits and single _ or - between them, a letter first, 2 to 40 in all, and no target that CMake
/// makes itself.
void check_plugin_name(const std::string& name);

/// Writes the project: the files of `templates`/common and `templates`/<kind>, with project.name in place of my_plugin,
/// in contents and in file names. Returns its folder, project.into / project.name. Throws Error(bad_request) for a name
/// that is not allowed, a folder that is already there (which is left as it is) or an `into` that is not there,
/// Error(not_found) without templates, Error(internal) when something cannot be written; nothing is left behind then.
std::filesystem::path write_plugin_project(const PluginProject& project, const std::filesystem::path& templates);

}  // namespace alice
