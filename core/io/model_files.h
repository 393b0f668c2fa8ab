#pragma once
// A model as it lies on the disk: a diffusers folder, or one file.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/api/family.h"

namespace alice {

/// The opened files of a model, and what they say of it beside what its family is asked about.
struct StoredModel : ModelContents {
  std::string note;  ///< model_index.json's _note: what its users must know; "" when it has none
  /// What a request for it means where it says nothing (model_index.json's _defaults, or those of a file's settings):
  /// an object, or null.
  Json defaults;
  /// What computing in less than float32 costs, as its maker measured it (model_index.json's _losses, or those of a
  /// file's settings): {"bfloat16": {"psnr_db": of its pictures to those in float32, the least of some}}, or null.
  Json losses;
  std::vector<std::string> examples;  ///< _examples, as _defaults: prompts that it was made for
  Json scheduler_config;  ///< scheduler/scheduler_config.json, or null
  std::vector<Fault> warnings;  ///< what was passed over
};

/// Opens a folder with a model_index.json, or a file of tensors with its settings beside it (see open_model_file).
/// `variant` as in open_part_folder(), `models` as in open_model_file(). Any thread.
StoredModel open_model(const std::filesystem::path& source, const std::string& variant = "",
                       const std::filesystem::path& models = {});

/// Text encoders get the files of their tokenizer's folder (tokenizer/, tokenizer_2/) as assets. Throws as
/// open_part_folder() does; Error(not_found) without a model_index.json, Error(bad_weights) when that has members of
/// wrong types or names a part that is not there.
StoredModel open_model_folder(const std::filesystem::path& folder, const std::string& variant = "");

/// Settings that tensors can't tell come from <file>.json beside it (x.safetensors.json, else x.json): an object in
/// which "text_encoder", "text_encoder_2", "unet", "vae" and "scheduler" are the parts' configs (texts there, as in
/// A1111's cards, are passed over with a warning), "tokenizer" and "tokenizer_2" name folders (from the settings' own)
/// whose files are their text encoders' assets; other members are passed over. What is named must lie in `models`, when
/// the file does, else beside the file: see named_within(). Throws Error(bad_weights) for settings of wrong types,
/// and as open_tensors() does.
StoredModel open_model_file(const std::filesystem::path& file, const std::filesystem::path& models = {});

/// One part from anywhere: a part's folder, the folder of a whole model (its part of that name), or a file.
/// What is passed over is added to `warnings`, when there are such. Throws as the above, and Error(not_found) when the
/// model has no such part.
ModelFiles open_part(const std::filesystem::path& source, const std::string& part, const std::string& variant = "",
                     std::vector<Fault>* warnings = nullptr);

}  // namespace alice
