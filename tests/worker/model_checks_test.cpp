#include "server/worker/check/model_checks.h"

#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

TEST_CASE("a load is checked in both halves of the VAE: a damaged encoder is found and named") {
  const TempFolder folder;
  const fs::path goldens = fs::path(ALICE_TEST_DATA) / "goldens/models";
  for (const char* name : {"tiny_sd15", "clip_vocab"})
    fs::copy(goldens / name, folder / name, fs::copy_options::recursive);
  HostConfig config;
  config.models_directory = folder.path();
  {
    Composer composer(config, built_in_registry());
    CHECK(check_load(composer, kFolderModel).good());
  }

  const fs::path file = folder / "tiny_sd15/vae/diffusion_pytorch_model.safetensors";
  std::map<std::string, Tensor> tensors;
  {
    const auto sound = SafetensorsFile::open(file);
    for (const auto& tensor : sound->index().tensors) tensors[tensor.first] = sound->tensor(tensor.first).clone();
  }
  tensors.at("encoder.conv_in.weight").flatten()[1] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(file, tensors, {});
  Composer composer(config, built_in_registry());
  const Report report = check_load(composer, kFolderModel);
  CHECK_FALSE(report.good());
  CHECK(says(report.to_text(), "'encoder.conv_in.weight' holds NaN"));
}
