#include "server/config/alice_dialect.h"

#include <algorithm>
#include <utility>

namespace alice {
namespace {

struct DialectKey {
  std::string section, key;
  std::vector<Json> harmless;  ///< values that ask for nothing we lack
  std::string reason;
};

constexpr const char* kNoGallery = "there is no gallery yet; `retention` says how long pictures are kept";
constexpr const char* kNoDownloads = "nothing is downloaded";
constexpr const char* kNoAudio = "there is no audio generation";
constexpr const char* kBackendDecides = "the backend decides it; see backends and their options";
constexpr const char* kMemory = "there is no trading of speed for memory yet";
constexpr const char* kNoOtherProgram = "no other program is run to make pictures";
constexpr const char* kNoCatalogue = "there is no catalogue of remote models";

const std::vector<DialectKey>& dialect() {
  static const std::vector<DialectKey> keys = {
      {"models", "auto_unload_timeout", {nullptr, 0}, "models stay loaded as long as the program runs"},
      {"models", "civitai_api_key", {nullptr, ""}, kNoDownloads},
      {"models", "huggingface_token", {nullptr, ""}, kNoDownloads},

      {"generation", "sdcpp_binary", {nullptr, ""}, kNoOtherProgram},
      {"generation", "sdcpp_threads", {}, "generation.threads sets our threads"},
      {"generation", "force_cpu", {false}, "generation.backend chooses the device"},
      {"generation", "device_map", {nullptr}, kMemory},
      {"generation", "force_float32", {false}, kBackendDecides},
      {"generation", "force_bfloat16", {false}, kBackendDecides},
      {"generation", "enable_vae_slicing", {false}, kMemory},
      {"generation", "vae_slicing", {false}, kMemory},
      {"generation", "enable_vae_tiling", {false}, kMemory},
      {"generation", "enable_model_cpu_offload", {false}, kMemory},
      {"generation", "enable_sequential_cpu_offload", {false}, kMemory},
      {"generation", "attention_slice_size", {nullptr, "auto"}, kBackendDecides},
      {"generation", "attention_slicing", {nullptr, false, "auto"}, kBackendDecides},
      {"generation", "vae_decode_cpu", {false}, kBackendDecides},
      {"generation", "enable_torch_compile", {false}, "there is nothing to compile at run time"},
      {"generation", "torch_compile_mode", {nullptr, "reduce-overhead"}, "there is nothing to compile at run time"},
      {"generation", "enable_mmap", {true, false}, "model files are always mapped"},
      {"generation", "keep_clip_on_cpu", {false}, kBackendDecides},
      {"generation", "diffusion_conv_direct", {false}, kBackendDecides},
      {"generation", "vae_conv_direct", {false}, kBackendDecides},
      {"generation", "enable_flash_attention", {false}, kBackendDecides},
      {"generation", "circular", {false}, "pictures that tile are not made"},
      {"generation", "max_cached_models", {}, kMemory},
      {"generation", "max_cpu_cached_models", {}, kMemory},
      {"generation", "vram_evict_threshold_gb", {}, kMemory},

      {"storage", "gallery_file", {}, kNoGallery},
      {"storage", "auth_directory", {}, "keys are kept in storage.data_directory"},
      {"storage", "audio_directory", {}, kNoAudio},
      {"storage", "public_image_expiration_hours", {}, kNoGallery},
      {"storage", "gallery_page_size", {}, kNoGallery},

      {"model_cache", "enabled", {false}, kNoCatalogue},
      {"model_cache", "database_path", {}, kNoCatalogue},
      {"model_cache", "sync_on_startup", {false}, kNoCatalogue},
      {"model_cache", "sync_interval_hours", {}, kNoCatalogue},
      {"model_cache", "civitai_page_limit", {nullptr}, kNoCatalogue},
      {"model_cache", "huggingface_limit", {}, kNoCatalogue},

      {"audio", "enabled", {false}, kNoAudio},
      {"audio", "default_model", {nullptr}, kNoAudio},
      {"audio", "default_seconds", {}, kNoAudio},
      {"audio", "default_steps", {}, kNoAudio},
      {"audio", "default_cfg_scale", {}, kNoAudio},
      {"audio", "max_concurrent", {}, kNoAudio},
      {"audio", "unload_after_generate", {}, kNoAudio},
      {"audio", "request_timeout_seconds", {}, kNoAudio},
      {"audio", "force_fp32", {}, kNoAudio},
      {"audio", "vae_decode_cpu", {}, kNoAudio},
  };
  return keys;
}

const DialectKey* find_key(const std::string& section, const std::string& key) {
  for (const DialectKey& candidate : dialect())
    if (candidate.section == section && candidate.key == key) return &candidate;
  return nullptr;
}

bool is_harmless(const DialectKey& key, const ConfigNode& value) {
  const Json json = value.to_json();
  return std::find(key.harmless.begin(), key.harmless.end(), json) != key.harmless.end();
}

void judge(const DialectKey& key, const ConfigNode::Member& member, std::vector<Fault>& warnings) {
  if (is_harmless(key, member.value)) return;
  warnings.push_back({member.place, key.section + "." + key.key + " is not honoured: " + key.reason});
}

}  // namespace

std::vector<std::string> alice_keys(const std::string& section) {
  std::vector<std::string> names;
  for (const DialectKey& key : dialect())
    if (key.section == section) names.push_back(key.key);
  return names;
}

const std::vector<std::string>& alice_sections() {
  static const std::vector<std::string> sections = {"model_cache", "audio"};
  return sections;
}

void take_alice_keys(ConfigNode& root, std::vector<Fault>& warnings) {
  for (ConfigNode::Member& section : root.members) {
    std::vector<ConfigNode::Member> kept;
    for (ConfigNode::Member& member : section.value.members) {
      const DialectKey* key = find_key(section.key, member.key);
      if (key != nullptr)
        judge(*key, member, warnings);
      else
        kept.push_back(std::move(member));
    }
    section.value.members = std::move(kept);
  }
}

bool is_alice_engine(const std::string& backend) {
  return backend == "pytorch" || backend == "vulkan" || backend == "sdcpp";
}

std::string alice_variable_warning(const std::string& name) {
  static const std::vector<std::pair<std::string, std::string>> variables = {
      {"ALICE_CONFIG_FILE", "ALICE_CONFIG names the configuration file"},
  };
  for (const auto& [variable, reason] : variables)
    if (variable == name) return "is not honoured: " + reason;
  return "";
}

}  // namespace alice
