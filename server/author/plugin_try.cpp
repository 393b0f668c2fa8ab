#include "server/author/plugin_try.h"

#include <filesystem>
#include <iostream>

#include "server/author/plugin_build.h"
#include "server/author/process.h"
#include "server/author/sdk_place.h"
#include "server/program_folder.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

int check(const std::string& alice, const fs::path& build, const fs::path& library) {
  const CheckWords own = check_words(build, library);
  std::vector<std::string> words = {alice, "plugin", "check", library.string()};
  words.insert(words.end(), own.words.begin(), own.words.end());
  return run_program(std::move(words), own.folder, Streams::shown).exit_code;
}

int draw(const std::string& alice, const fs::path& library, const CommandLine& line) {
  std::vector<std::string> words = {alice, "plugin", "draw", library.string()};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.push_back(std::string(option) + "=" + value);
  };
  add("--config", line.config_file);
  add("--models", line.models_directory);
  add("--model", line.request.model);
  add("--prompt", line.request.prompt);
  add("--out", fs::path(library).replace_extension(".png").string());
  return run_program(std::move(words), ".", Streams::shown).exit_code;
}

}  // namespace

int run_plugin_try(const CommandLine& line) {
  const fs::path program = program_folder();
  const fs::path project = line.target.empty() ? "." : line.target;
  const std::string alice = (program / "alice").string();
  std::cout << "building in " << (project / "build").lexically_normal().string() << std::endl;
  const fs::path build = build_project(project, sdk_package(program));
  const fs::path library = built_plugin(build);
  if (const int code = check(alice, build, library); code != kExitOk) {
    std::cerr << "alice: the check did not pass, so nothing is drawn\n";
    return code;
  }
  return draw(alice, library, line);
}

}  // namespace alice
