#pragma once
// Golden folders of the second form (tests/data/goldens2/README.md), put together and judged.

#include <fstream>
#include <set>

#include "core/base/json.h"
#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "server/worker/compat/compat.h"
#include "tests/host/models.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace alice::test {

/// Gives every model of `models` what it has in common with others: the text encoders and tokenizers of the goldens,
/// and a VAE.
inline void add_shared_parts(const std::filesystem::path& models) {
  namespace fs = std::filesystem;
  const fs::path first = fs::path(ALICE_TEST_DATA) / "goldens/models";
  const fs::path vae = fs::path(ALICE_TEST_DATA) / "goldens2/models/tiny_vae4";
  for (const fs::directory_entry& model : fs::directory_iterator(models)) {
    if (!fs::exists(model.path() / "model_index.json")) continue;
    const Json index = read_json_file(model.path() / "model_index.json");
    const bool has_two = index.contains("text_encoder_2");
    for (const auto& part : index.items()) {
      const std::string& name = part.key();
      const fs::path link = model.path() / name;
      if (!part.value().is_array() || part.value().at(0).is_null() || fs::exists(link)) continue;
      const bool has_small_vae = name == "vae" && !has_two;
      fs::create_directory_symlink(has_small_vae ? vae : first / (has_two ? "tiny_sdxl" : "tiny_sd15") / name, link);
    }
  }
}

/// A golden folder in the making.
class GoldenFolder {
 public:
  Report check() const {
    Composer composer(golden_models(), built_in_registry());
    return check_compat(composer, folder_.path(), "");
  }
  std::filesystem::path path(const std::string& file) const { return folder_ / file; }

 private:
  TempFolder folder_;
};

/// What failed, or was skipped in scope.
inline std::string failures(const Report& report) {
  std::string text;
  for (const CaseResult& result : report.results())
    if (result.status == CaseStatus::failed || (result.status == CaseStatus::skipped && result.in_scope))
      text += result.part + "/" + result.id + ": " + result.sentence + "\n";
  return text;
}

/// "part/id" of those with this status.
inline std::set<std::string> with_status(const Report& report, CaseStatus status) {
  std::set<std::string> ids;
  for (const CaseResult& result : report.results())
    if (result.status == status) ids.insert(result.part + "/" + result.id);
  return ids;
}

/// Adds `change` to the first number of each of these tensors.
inline void add_to_first(const std::filesystem::path& file, const std::vector<std::string>& names, double change) {
  std::map<std::string, Tensor> tensors;
  {
    const auto source = SafetensorsFile::open(file);
    for (const auto& tensor : source->index().tensors) tensors[tensor.first] = source->tensor(tensor.first).clone();
  }
  for (const std::string& name : names) {
    REQUIRE(tensors.count(name) == 1);
    const Tensor first = tensors[name].view(-1)[0];
    first.fill_(first.item<double>() + change);
  }
  write_safetensors(file, tensors, {});
}
inline void add_to_first(const std::filesystem::path& file, const std::string& name, double change) {
  add_to_first(file, std::vector<std::string>{name}, change);
}

}  // namespace alice::test
