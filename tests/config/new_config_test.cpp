// The configuration that `alice config init` writes.

#include "server/config/new_config.h"

#include <sstream>

#include "server/config/config_yaml.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Every value with the place where it was said; not which files were read.
std::string in_force(const Config& config) {
  std::string text;
  for (const std::string& line : lines_of(config_yaml(config)))
    if (line.rfind("# Read: ", 0) != 0) text += line + "\n";
  return text;
}

std::string why_not(const std::string& target, const ConfigSources& sources) {
  try {
    write_new_config(new_config_file(target, sources));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a new configuration says nothing: what other files say still counts") {
  ConfigFolder folder;
  folder.folder.write("etc/alice/config.yaml", "server: {port: 9000}\nplugins: [a.so]\nstorage: {reserve: 1GB}\n");
  const std::string without = in_force(folder.load());
  folder.folder.write("home/.config/alice/config.yaml", new_config_text());
  const Config config = folder.load();
  CHECK(in_force(config) == without);
  CHECK(config.sources.size() == 2);
  CHECK(config.warnings.empty());
}

TEST_CASE("a new configuration has every line of the annotated one, and a value only its # to lose") {
  const std::vector<std::string> shipped = lines_of(bytes_of(ALICE_SHIPPED_CONFIG)), made = lines_of(new_config_text());
  REQUIRE(made.size() == shipped.size());
  int64_t values = 0;
  for (size_t k = 0; k < made.size(); ++k) {
    if (made[k] == shipped[k]) continue;
    ++values;
    std::string uncommented = made[k];
    CHECK(uncommented.substr(uncommented.find_first_not_of(' '), 2) == "# ");
    CHECK(uncommented.erase(uncommented.find('#'), 2) == shipped[k]);
  }
  CHECK(values > 40);
}

TEST_CASE("a new configuration is written where it is read, in a folder, or where it is said, and over nothing") {
  ConfigFolder folder;
  const fs::path own = folder.folder / "home/.config/alice/config.yaml";
  CHECK(new_config_file("", folder.sources) == own);
  CHECK(why_not("", folder.sources).empty());
  CHECK(bytes_of(own) == new_config_text());
  CHECK(says(why_not("", folder.sources), own.string() + ": is there already, and is not written over"));

  CHECK(new_config_file(folder.folder.path(), folder.sources) == folder.folder / "config.yaml");
  CHECK(new_config_file("x.yaml", folder.sources) == "x.yaml");
  fs::create_symlink(folder.folder / "nowhere", folder.folder / "link.yaml");
  CHECK(says(why_not(folder.folder / "link.yaml", folder.sources), "is there already"));
  CHECK(says(why_not(folder.folder / "none/x.yaml", folder.sources), "none"));

  folder.sources.environment["ALICE_CONFIG"] = folder.folder / "named.yaml";
  CHECK(new_config_file("", folder.sources) == folder.folder / "named.yaml");
  folder.sources.environment.clear();
  CHECK(says(why_not("", folder.sources), "HOME: is not set: say where"));
}
