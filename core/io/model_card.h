#pragma once
// What people are told of a model or LoRA by whoever made it.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alice {

/// The first paragraph of a model card (Markdown, with Hugging Face's YAML before it or without) that is running text:
/// on one line, without links, marks and control characters, at most 300 bytes, cut at a sentence's end where there is
/// one. "" when it has none.
std::string card_summary(std::string_view markdown);

/// card_summary() of the README.md of a model's folder, of its first 64 KiB. "" when there is none, or it is no regular
/// file. Never throws.
std::string read_model_card(const std::filesystem::path& folder);

/// What a trainer wrote into a LoRA file.
struct LoraCard {
  std::vector<std::string> trigger_words;  ///< the most used first, at most ten
  std::string base_model;                  ///< "" when it does not tell
};
/// From safetensors' metadata as kohya-ss/sd-scripts writes it ("ss_tag_frequency", "ss_base_model_version",
/// "ss_sd_model_name") and Stability's ModelSpec 1.0 ("modelspec.trigger_phrase", "modelspec.architecture"). Never
/// throws: what is written wrongly is passed over.
LoraCard read_lora_card(const std::map<std::string, std::string>& metadata);

}  // namespace alice
