#pragma once
// Models and LoRAs that are taken out of the models folder.

#include <filesystem>
#include <string>

namespace alice {

/// What somebody names to be deleted.
enum class ModelKind { model, lora };

/// Where the model or LoRA of that id lies in `models_directory`. Throws Error(not_found) when none is found there: one
/// that the configuration names, or that came with ALICE, lies elsewhere and is nobody's to delete; Error(unsupported)
/// when a folder on its way is a link that leads out. Reads folders; any thread.
std::filesystem::path deletable_path(const std::filesystem::path& models_directory, ModelKind kind,
                                     const std::string& id);

/// Moves what lies at `path`, which deletable_path() gave, to a hidden name in `models_directory`, where no model is
/// looked for, and deletes it there; so it is gone at once, or wholly there. Of a link the link goes, never what it
/// leads to, here and further in. What an earlier process left there is deleted too. Throws Error(storage_failed).
void delete_model_files(const std::filesystem::path& models_directory, const std::filesystem::path& path);

}  // namespace alice
