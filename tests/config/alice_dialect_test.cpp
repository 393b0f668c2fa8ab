#include "server/config/alice_dialect.h"

#include <algorithm>

#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

namespace {

// Every key of the earlier ALICE, with the values that its own file ships or its code has as defaults.
const std::string kEarlierConfig = R"(server:
  host: 0.0.0.0
  port: 8090
  api_key: null
  require_auth: false
  registration_mode: disabled
  session_timeout_seconds: 900
  block_nsfw: true
models:
  directory: ./models
  auto_unload_timeout: 300
  default_model: null
  civitai_api_key: null
  huggingface_token: null
generation:
  default_steps: 20
  default_guidance_scale: 7.5
  default_scheduler: dpm++_sde_karras
  default_width: 512
  default_height: 512
  max_concurrent: 1
  request_timeout: 300
  backend: auto
  sdcpp_binary: null
  sdcpp_threads: 8
  force_cpu: false
  device_map: null
  force_float32: false
  force_bfloat16: false
  enable_vae_slicing: true
  enable_vae_tiling: true
  enable_model_cpu_offload: false
  enable_sequential_cpu_offload: false
  attention_slice_size: auto
  vae_decode_cpu: true
  enable_torch_compile: false
  torch_compile_mode: reduce-overhead
  enable_mmap: false
  keep_clip_on_cpu: false
  diffusion_conv_direct: false
  circular: false
  vae_conv_direct: true
  enable_flash_attention: true
  cancel_on_disconnect: false
  max_cached_models: 2
  max_cpu_cached_models: 8
  vram_evict_threshold_gb: 2.0
storage:
  images_directory: ./images
  gallery_file: ./data/gallery.json
  auth_directory: ./data/auth
  max_storage_gb: 100
  retention_days: 7
  public_image_expiration_hours: 168
  gallery_page_size: 100
logging:
  level: WARNING
  file: null
  max_size_mb: 100
  backup_count: 5
model_cache:
  enabled: true
  database_path: ./data/model_cache.db
  sync_on_startup: false
  sync_interval_hours: 24
  civitai_page_limit: null
  huggingface_limit: 10000
)";

/// The line of `text` that `key` stands on, from 1.
size_t line_of(const std::string& text, const std::string& key) {
  const size_t at = text.find("\n  " + key + ":");
  REQUIRE(at != text.npos);
  return 2 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE(
    "the earlier ALICE's configuration is read where we have the feature, and a warning names each key that we lack") {
  ConfigFolder folder;
  std::filesystem::create_directories(folder.folder / "models");
  const Config config = folder.load(kEarlierConfig);
  CHECK(config.host.models_directory == folder.folder / "models");
  CHECK(config.host.defaults.steps == 20);
  CHECK(config.host.defaults.guidance_scale == 7.5);
  CHECK(config.host.defaults.scheduler == "dpm++_sde_karras");
  CHECK(config.host.defaults.width == 512);
  CHECK(config.host.default_backend.empty());
  CHECK(config.logging.level == LogLevel::warning);
  CHECK(config.server.host == "0.0.0.0");
  CHECK(config.server.port == 8090);
  CHECK(config.server.workers == 1);
  CHECK(config.server.request_timeout_s == 300);
  CHECK_FALSE(config.server.cancel_on_disconnect);
  CHECK(config.server.images_directory == folder.folder / "images");

  std::vector<std::string> places;
  for (const Fault& warning : config.warnings) places.push_back(warning.place);
  CHECK(config.server.registration_mode == RegistrationMode::off);
  CHECK(config.server.session_timeout_s == 900);
  CHECK(config.server.block_nsfw);
  const std::vector<std::string> lacking = {"auto_unload_timeout",
                                            "sdcpp_threads",
                                            "enable_vae_slicing",
                                            "enable_vae_tiling",
                                            "vae_decode_cpu",
                                            "vae_conv_direct",
                                            "enable_flash_attention",
                                            "max_cached_models",
                                            "max_cpu_cached_models",
                                            "vram_evict_threshold_gb",
                                            "gallery_file",
                                            "auth_directory",
                                            "public_image_expiration_hours",
                                            "gallery_page_size",
                                            "enabled",
                                            "database_path",
                                            "sync_interval_hours",
                                            "huggingface_limit"};
  for (const std::string& key : lacking) {
    INFO(key);
    const std::string place = folder.file() + ":" + std::to_string(line_of(kEarlierConfig, key)) + ":3";
    const auto warning = std::find(places.begin(), places.end(), place);
    REQUIRE(warning != places.end());
    CHECK(
        says(config.warnings[static_cast<size_t>(warning - places.begin())].sentence, "." + key + " is not honoured"));
  }
  // The original's own list of words does not come with us.
  const auto of_words = std::find_if(config.warnings.begin(), config.warnings.end(), [](const Fault& warning) {
    return says(warning.sentence, "server.block_nsfw is true, but no words are said");
  });
  CHECK(of_words != config.warnings.end());
  CHECK(config.warnings.size() == lacking.size() + 1);
}

TEST_CASE("what the earlier ALICE's configuration says of keys counts") {
  ConfigFolder folder;
  CHECK_FALSE(folder.load(kEarlierConfig).server.require_auth);
  CHECK(folder.load(replaced(kEarlierConfig, "require_auth: false", "require_auth: true")).server.require_auth);
  const Config config = folder.load(replaced(kEarlierConfig, "api_key: null", "api_key: a-word"));
  CHECK(config.server.api_key == "a-word");
  for (const char* wrong : {"require_auth: [false]", "require_auth: 2"}) {
    const Error error = error_of([&] { folder.load(replaced(kEarlierConfig, "require_auth: false", wrong)); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(says(error.place(), folder.file() + ":" + std::to_string(line_of(kEarlierConfig, "require_auth")) + ":"));
  }
}

TEST_CASE("a misspelt key that protects does not pass") {
  ConfigFolder folder;
  const Error error = error_of([&] { folder.load("server:\n  require_aut: true\n"); });
  CHECK(error.place() == folder.file() + ":2:3");
  CHECK(says(error.sentence(), "did you mean 'require_auth'?"));
  CHECK(says(error_of([&] { folder.load("server: [require_auth]\n"); }).sentence(), "server must be a map"));
}

TEST_CASE("the short names of slicing and the names of the later releases are known too") {
  ConfigFolder folder;
  const Config config = folder.load(
      "generation: {vae_slicing: true, attention_slicing: max}\naudio: {enabled: true, default_steps: 3}\n"
      "storage: {audio_directory: x}\nserver: {registration_mode: open}\n");
  REQUIRE(config.warnings.size() == 5);
  CHECK(config.server.registration_mode == RegistrationMode::open);
  CHECK(says(config.warnings[0].sentence, "generation.vae_slicing"));
  CHECK(says(config.warnings[1].sentence, "generation.attention_slicing"));
}

TEST_CASE("secrets are not repeated in warnings") {
  ConfigFolder folder;
  const Config config = folder.load("models: {civitai_api_key: secret-word, huggingface_token: secret-word}\n");
  REQUIRE(config.warnings.size() == 2);
  for (const Fault& warning : config.warnings) CHECK_FALSE(says(warning.sentence, "secret-word"));
}

TEST_CASE("the earlier ALICE's engines are no backends of ours, unless a backend is called so") {
  ConfigFolder folder;
  for (const char* engine : {"pytorch", "vulkan", "sdcpp"}) {
    const Config config = folder.load(std::string("generation: {backend: ") + engine + "}\n");
    CHECK(config.host.default_backend.empty());
    REQUIRE(config.warnings.size() == 1);
    CHECK(config.warnings[0].place == folder.file() + ":1:23");
  }
  const Config config = folder.load("generation: {backend: vulkan}\nbackends: {vulkan: x, other: y}\n");
  CHECK(config.warnings.empty());
  CHECK(config.host.default_backend == "vulkan");
}
