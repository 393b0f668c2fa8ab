#include "server/config/config_yaml.h"

#include "server/config/yaml_document.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::bytes_of;
using alice::test::ConfigFolder;
using alice::test::says;

namespace {

/// Without the comments, which say where each value was said.
std::string values_of(const std::string& yaml) {
  std::string out;
  for (size_t begin = 0; begin < yaml.size();) {
    const size_t end = yaml.find('\n', begin);
    const std::string line = yaml.substr(begin, end - begin);
    const std::string value = line.substr(0, line.rfind("  # "));
    if (line.compare(0, 2, "# ") != 0) out += value.substr(0, value.find_last_not_of(' ') + 1) + "\n";
    begin = end + 1;
  }
  return out;
}

const std::string kSaid =
    "plugins: [default, other.so]\n"
    "backends: {fast: {plugin: p, options: {dtype: bfloat16}}, slow: q}\n"
    "models:\n"
    "  default_model: sd/a\n"
    "  sd/a: {source: a b, backend: slow, scheduler: {plugin: s, options: {x: 1.5}}, vae: {source: v},\n"
    "         defaults: {steps: 3, negative_prompt: 'no: #1'}}\n"
    "generation: {backend: fast, default_steps: 12, request_timeout: 5m}\n"
    "server: {port: 0, cors_origins: ['https://app.example']}\n"
    "workers: {apart: {models: [sd/a], memory_limit: 4GB, plugins: [odd.so]}}\n"
    "logging: {level: info, file: x.log}\n";

}  // namespace

TEST_CASE("a configuration that is shown can be pasted back, whole") {
  for (const std::string& text : {kSaid, std::string()}) {
    ConfigFolder folder;
    const std::string shown = config_yaml(folder.load(text));
    INFO(shown);
    CHECK(values_of(config_yaml(folder.load(shown))) == values_of(shown));
  }
}

TEST_CASE("each value that is shown says where it was said, and which files were read stands above") {
  ConfigFolder folder;
  folder.sources.environment["ALICE_THREADS"] = "3";
  const std::string shown = config_yaml(folder.load(kSaid));
  INFO(shown);
  CHECK(says(shown, "# Read: " + folder.file() + "\n# Read: ALICE_THREADS\n"));
  const auto line_with = [&](const std::string& begin) {
    const size_t at = shown.find("\n" + begin);
    REQUIRE(at != std::string::npos);
    return shown.substr(at + 1, shown.find('\n', at + 1) - at - 1);
  };
  CHECK(says(line_with("  default_steps: 12 "), "# " + folder.file() + ":7:44"));
  CHECK(says(line_with("  threads: 3 "), "# ALICE_THREADS"));
  CHECK(says(line_with("  queue_size: 100 "), "# built-in"));
  CHECK(says(line_with("  request_timeout: 300"), "# " + folder.file() + ":7:65"));
  CHECK(says(line_with("    scheduler: "), folder.file() + ":5:"));
}

TEST_CASE("every key of the annotated configuration is shown") {
  ConfigFolder folder;
  const std::string shown = config_yaml(folder.load(bytes_of(ALICE_SHIPPED_CONFIG)));
  INFO(shown);
  Faults faults;
  const ConfigNode root = parse_yaml(bytes_of(ALICE_SHIPPED_CONFIG), "config.yaml", faults);
  REQUIRE(root.members.size() > 5);
  for (const ConfigNode::Member& section : root.members)
    for (const ConfigNode::Member& member : section.value.members) {
      INFO(section.key << "." << member.key);
      CHECK(says(shown, "\n  " + member.key + ":"));
    }
}
