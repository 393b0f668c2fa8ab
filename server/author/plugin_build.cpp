#include "server/author/plugin_build.h"

#include <algorithm>
#include <iostream>
#include <system_error>
#include <thread>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "server/author/process.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfiguration = "Release";  // where a generator makes several

// CMake's file API: what is asked for lies in a query folder, the answers in the reply folder.
constexpr const char* kQuery = ".cmake/api/v1/query/client-alice/codemodel-v2";
constexpr const char* kReply = ".cmake/api/v1/reply";

/// What cmake's words are about, when it is no fault of the project; else "".
std::string cause_in(const std::string& output) {
  const auto says = [&](const char* words) { return output.find(words) != std::string::npos; };
  if (says("No CMAKE_CXX_COMPILER")) return "there is no C++ compiler (Debian: apt-get install g++)";
  if (says("unable to find a build program")) return "there is no make (Debian: apt-get install make)";
  if (says("Could not find a package configuration file provided by \"ALICE\""))
    return "there is no SDK: `make install PREFIX=/opt/alice` in ALICE's sources puts one there, beside an alice that "
           "finds it";
  return "";
}

void run_cmake(std::vector<std::string> words, const fs::path& project, const char* failed) {
  words.insert(words.begin(), "cmake");
  ProcessEnd end;
  try {
    end = run_program(std::move(words), project, Streams::kept);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::not_found, "cmake", "there is no such program (Debian: apt-get install cmake)");
  }
  if (end.exit_code == 0) return;
  std::cerr << end.output;
  const std::string cause = cause_in(end.output);
  throw Error(ErrorCode::internal, project.string(),
              std::string(failed) + (cause.empty() ? "; what cmake said is above" : ": " + cause));
}

/// The names of the files in the reply folder are cmake's own choice; the last index is the valid one.
Json newest_index(const fs::path& build) {
  fs::path newest;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(build / kReply, status))
    if (entry.path().filename().string().rfind("index-", 0) == 0) newest = std::max(newest, entry.path());
  if (newest.empty()) throw Error(ErrorCode::internal, "cmake", "gave no answer in " + (build / kReply).string());
  return read_json_file(newest);
}

/// Of the configuration that was built: {"name", "targets": [{"jsonFile"}]}.
Json built_configuration(const fs::path& build) {
  const std::string file = newest_index(build)["reply"]["client-alice"]["codemodel-v2"].value("jsonFile", "");
  const Json model = read_json_file(build / kReply / file);
  for (const Json& one : model.at("configurations"))
    if (one.value("name", "") == kConfiguration) return one;
  return model.at("configurations").at(0);
}

}  // namespace

fs::path build_project(const fs::path& project, const fs::path& package) {
  std::error_code status;
  if (!fs::is_regular_file(project / "CMakeLists.txt", status))
    throw Error(ErrorCode::bad_request, project.string(),
                "there is no CMakeLists.txt; `alice plugin new NAME --kind KIND` writes a project");
  const fs::path folder = fs::canonical(project), build = folder / "build";
  const bool is_first = !fs::exists(build / "CMakeCache.txt", status);
  fs::create_directories((build / kQuery).parent_path());
  AtomicFile(build / kQuery).commit();
  std::vector<std::string> words = {"-S", ".", "-B", "build"};
  if (is_first) words.push_back(std::string("-DCMAKE_BUILD_TYPE=") + kConfiguration);
  if (!package.empty()) words.push_back("-DALICE_DIR=" + package.string());
  run_cmake(std::move(words), folder, "cannot be configured");
  const std::string jobs = std::to_string(std::max(1u, std::thread::hardware_concurrency()));
  run_cmake({"--build", "build", "--config", kConfiguration, "--parallel", jobs}, folder, "cannot be built");
  return build;
}

fs::path built_plugin(const fs::path& build) {
  const Json configuration = built_configuration(build);
  std::vector<fs::path> libraries;
  std::error_code status;
  for (const Json& listed : configuration.at("targets")) {
    const Json target = read_json_file(build / kReply / listed.at("jsonFile").get<std::string>());
    if (target.value("type", "") != "MODULE_LIBRARY") continue;
    for (const Json& artifact : target.value("artifacts", Json::array()))
      if (const fs::path file = build / artifact.at("path").get<std::string>(); fs::is_regular_file(file, status))
        libraries.push_back(file);
  }
  if (libraries.empty())
    throw Error(ErrorCode::bad_request, build.parent_path().string(),
                "makes no plugin library; alice_add_plugin(NAME NAME.cpp) in CMakeLists.txt does");
  if (libraries.size() == 1) return libraries.front();
  std::string list;
  for (const fs::path& library : libraries) list += (list.empty() ? "" : ", ") + library.string();
  throw Error(ErrorCode::bad_request, build.parent_path().string(),
              "makes " + std::to_string(libraries.size()) + " plugin libraries, and one is tried at a time: " + list +
                  "; `alice plugin check FILE` checks any of them");
}

CheckWords check_words(const fs::path& build, const fs::path& library) {
  CheckWords none{{}, build.parent_path()};
  const ProcessEnd told = run_program({"ctest", "--test-dir", "build", "-C", kConfiguration, "--show-only=json-v1"},
                                      build.parent_path(), Streams::answers);
  if (told.exit_code != 0) return none;
  const Json list = parse_json(told.output, "ctest");
  for (const Json& test : list.value("tests", Json::array())) {
    const auto words = test.value("command", std::vector<std::string>());
    std::error_code status;
    if (words.size() < 4 || words[1] != "plugin" || words[2] != "check" || !fs::equivalent(words[3], library, status))
      continue;
    CheckWords found{{words.begin() + 4, words.end()}, build.parent_path()};
    for (const Json& property : test.value("properties", Json::array()))
      if (property.value("name", "") == "WORKING_DIRECTORY") found.folder = property.at("value").get<std::string>();
    return found;
  }
  return none;
}

}  // namespace alice
