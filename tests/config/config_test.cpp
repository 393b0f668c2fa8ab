#include "server/config/config.h"

#include "core/base/request_fields.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::says;
namespace fs = std::filesystem;

namespace {

/// The shipped file with its examples switched on: each begins at a commented key and ends with the comment's
/// indentation.
std::string with_examples(const std::string& text) {
  std::istringstream lines(text);
  std::string out, line, indent;
  bool in_example = false;
  while (std::getline(lines, line)) {
    const size_t start = line.find_first_not_of(' ');
    const bool is_comment = start != line.npos && line[start] == '#';
    if (is_comment && (says(line, "# sd/example:") || says(line, "# precise:"))) in_example = true;
    if (!is_comment) in_example = false;
    if (in_example) line.erase(start, 2);
    out += line + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("the shipped configuration loads without a fault or a warning and says what is built in") {
  ConfigFolder folder;
  const Config built_in = folder.load();
  folder.sources.config_file = ALICE_SHIPPED_CONFIG;
  const Config shipped = folder.load();
  CHECK(shipped.warnings.empty());
  CHECK(shipped.host.plugins.size() == 1);
  CHECK(shipped.host.plugins.at(0).path == built_in.host.plugins.at(0).path);
  CHECK(shipped.host.backends.empty());
  CHECK(shipped.host.default_backend == built_in.host.default_backend);
  CHECK(shipped.host.models.empty());
  CHECK(shipped.host.models_directory == built_in.host.models_directory);
  CHECK(shipped.host.threads == built_in.host.threads);
  CHECK(write_generate_request(shipped.host.defaults) == write_generate_request(built_in.host.defaults));
  CHECK(shipped.default_model == built_in.default_model);
  CHECK(shipped.preload.size() == built_in.preload.size());
  CHECK(shipped.logging.level == built_in.logging.level);
  CHECK(shipped.logging.file == built_in.logging.file);
  CHECK(shipped.logging.max_size_mb == built_in.logging.max_size_mb);
  CHECK(shipped.logging.backup_count == built_in.logging.backup_count);
}

TEST_CASE("the shipped configuration has every default that may be said for all models") {
  const std::string text = test::bytes_of(ALICE_SHIPPED_CONFIG);
  for (const std::string& name : general_default_names()) CHECK(says(text, "\n  default_" + name + ": "));
}

TEST_CASE("the examples in the shipped configuration are right when they are switched on") {
  ConfigFolder folder;
  const Config config = folder.load(with_examples(test::bytes_of(ALICE_SHIPPED_CONFIG)));
  CHECK(config.warnings.empty());
  CHECK(config.host.backends.count("precise") == 1);
  const ModelConfig& model = config.host.models.at("sd/example");
  CHECK(model.backend == "precise");
  CHECK_FALSE(model.part("vae").source.empty());
  CHECK(model.defaults.steps.has_value());
}

TEST_CASE("with nothing said, plugins and models are sought where the program lies and the core chooses the backend") {
  ConfigFolder folder;
  const Config config = folder.load();
  CHECK(config.sources.empty());
  CHECK(config.host.plugins.at(0).path == folder.folder / "bin/plugins");
  CHECK(config.host.models_directory == folder.folder / "home/.local/share/alice/models");
  CHECK(config.host.backends.empty());
  CHECK(config.host.default_backend.empty());
  CHECK(config.origin("generation.threads") == "built-in");

  // Models: those of an installed program lie with its user's data, those of a build folder beside it.
  fs::create_directories(folder.folder / "models");
  CHECK(folder.load().host.models_directory == folder.folder / "models");
  fs::create_directories(folder.folder / "bin/models");
  CHECK(folder.load().host.models_directory == folder.folder / "bin/models");
}

TEST_CASE("every key arrives where the core reads it") {
  ConfigFolder folder;
  fs::create_directories(folder.folder / "store");
  const Config config = folder.load(R"(plugins: [default, ../more, one.so, ~/two.so]
backends:
  precise: {plugin: plain, options: {dtype: float32, deep: [1, 2]}}
  usual: quick
models:
  directory: store
  default_model: sd/a
  sd/a:
    source: weights/a.safetensors
    backend: precise
    scheduler: walk
    text_encoder: {source: other/te}
    unet: {options: {slices: 2}}
    vae: {plugin: small, source: /vae, options: {tiles: true}}
    defaults: {steps: 7, guidance_scale: 2.5, width: 64, height: 128, scheduler: run, negative_prompt: no, clip_skip: 1}
generation:
  default_steps: 30
  default_guidance_scale: 7
  default_scheduler: stroll
  default_width: 512
  default_height: 768
  threads: 2
  backend: usual
logging: {level: INFO, file: logs/alice.log, max_size_mb: 0.5, backup_count: 2}
)");
  CHECK(config.warnings.empty());
  const HostConfig& host = config.host;
  const fs::path here = folder.folder.path();
  REQUIRE(host.plugins.size() == 4);
  CHECK(host.plugins[0].path == here / "bin/plugins");
  CHECK(host.plugins[1].path == here.parent_path() / "more");
  CHECK(host.plugins[2].path == here / "one.so");
  CHECK(host.plugins[3].path == here / "home/two.so");
  CHECK(host.plugins[2].place == folder.file() + ":1:29");

  CHECK(host.default_backend == "usual");
  CHECK(host.backends.at("usual").plugin == "quick");
  CHECK(host.backends.at("usual").place("") == folder.file() + ":4:10");
  const BackendConfig& precise = host.backends.at("precise");
  CHECK(precise.plugin == "plain");
  CHECK(precise.options == Json({{"dtype", "float32"}, {"deep", {1, 2}}}));
  CHECK(precise.place("dtype") == folder.file() + ":3:38");
  CHECK(precise.place("plugin") == folder.file() + ":3:13");
  CHECK(precise.place("") == folder.file() + ":3:12");

  CHECK(host.models_directory == here / "store");
  CHECK(config.default_model == "sd/a");
  const ModelConfig& model = host.models.at("sd/a");
  CHECK(model.id == "sd/a");
  CHECK(model.place == folder.file() + ":8:3");
  CHECK(model.source == here / "weights/a.safetensors");
  CHECK(model.backend == "precise");
  CHECK(model.scheduler.plugin == "walk");
  CHECK(model.part("text_encoder").plugin.empty());
  CHECK(model.part("text_encoder").source == here / "other/te");
  CHECK(model.part("unet").options == Json({{"slices", 2}}));
  CHECK(model.part("vae").plugin == "small");
  CHECK(model.part("vae").source == "/vae");
  CHECK(model.part("vae").place("tiles") == folder.file() + ":14:50");
  CHECK(model.part("vae").place("source") == folder.file() + ":14:26");
  CHECK(model.defaults.steps == 7);
  CHECK(model.defaults.guidance_scale == 2.5);
  CHECK(model.defaults.width == 64);
  CHECK(model.defaults.height == 128);
  CHECK(model.defaults.scheduler == "run");
  CHECK(model.defaults.negative_prompt == "no");
  CHECK(model.defaults.clip_skip == 1);

  CHECK(host.defaults.steps == 30);
  CHECK(host.defaults.guidance_scale == 7);
  CHECK(host.defaults.scheduler == "stroll");
  CHECK(host.defaults.width == 512);
  CHECK(host.defaults.height == 768);
  CHECK(host.threads == 2);

  CHECK(config.logging.level == LogLevel::info);
  CHECK(config.logging.file == (here / "logs/alice.log").string());
  CHECK(config.logging.file_place == folder.file() + ":24:30");
  CHECK(config.logging.max_size_mb == 0.5);
  CHECK(config.logging.backup_count == 2);

  CHECK(config.sources == std::vector<std::string>{folder.file()});
  CHECK(config.origin("generation.default_steps") == folder.file() + ":17:18");
  CHECK(config.origin("models.sd/a.vae.options.tiles") == folder.file() + ":14:57");
}

TEST_CASE("sections that say nothing leave what is built in") {
  ConfigFolder folder;
  const Config config = folder.load("plugins:\nbackends:\nmodels:\ngeneration: {}\nlogging: ~\n");
  CHECK(config.warnings.empty());
  CHECK(config.host.plugins.size() == 1);
}

TEST_CASE("one backend is the usual one, and a single plugin may be written without a list") {
  ConfigFolder folder;
  const Config config = folder.load("backends: {mine: {plugin: x}}\nplugins: p.so\n");
  CHECK(config.host.default_backend == "mine");
  CHECK(config.host.plugins.at(0).path == folder.folder / "p.so");
}

TEST_CASE("where no backends are configured, a backend's name is a plugin's") {
  ConfigFolder folder;
  const Config config =
      folder.load("generation: {backend: quick}\nmodels: {sd/m: {backend: slow}, sd/n: {backend: auto}}\n");
  CHECK(config.host.default_backend == "quick");
  CHECK(config.host.backends.at("quick").plugin == "quick");
  CHECK(config.host.backends.at("quick").place("") == folder.file() + ":1:23");
  CHECK(config.host.backends.at("slow").plugin == "slow");
  CHECK(config.host.models.at("sd/n").backend.empty());
}

TEST_CASE("a model without a source is what lies under its name in the models folder") {
  ConfigFolder folder;
  folder.folder.write("m/file.v1.safetensors", "");
  fs::create_directories(folder.folder / "m/folder");
  const Config config = folder.load("models: {directory: m, sd/file.v1: {}, sd/folder: {}, sd/gone: {}}\n");
  CHECK(config.host.models.at("sd/file.v1").source == folder.folder / "m/file.v1.safetensors");
  CHECK(config.host.models.at("sd/folder").source == folder.folder / "m/folder");
  CHECK(config.host.models.at("sd/gone").source == folder.folder / "m/gone");
}

TEST_CASE("a models folder that was named and is not there is a warning") {
  ConfigFolder folder;
  const Config config = folder.load("models:\n  directory: nowhere\n");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].place == folder.file() + ":2:14");
  CHECK(says(config.warnings[0].sentence, "nowhere"));
}
