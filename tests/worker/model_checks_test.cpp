#include "server/worker/check/model_checks.h"

#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/golden_folders.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

TEST_CASE("a load is checked in both halves of the VAE: a damaged encoder is found and named") {
  const TempFolder folder;
  const fs::path goldens = fs::path(ALICE_TEST_DATA) / "goldens/models";
  fs::copy(goldens / "tiny_sd15", folder / "tiny_sd15", fs::copy_options::recursive);
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

TEST_CASE("the check of a model reads its vocabulary, and finds what is wrong in it") {
  const TempFolder folder;
  fs::copy(fs::path(ALICE_TEST_DATA) / "goldens/models/tiny_sd15", folder / "tiny_sd15", fs::copy_options::recursive);
  HostConfig config;
  config.models_directory = folder.path();
  Json facts;
  const auto report = [&] {
    return check_model(Composer(config, built_in_registry()), kFolderModel, facts);
  };
  CHECK(report().good());
  CHECK(says(facts_text(facts), "draws from text at 64x64; the network predicts epsilon"));
  folder.write("tiny_sd15/tokenizer/merges.txt", "#version: 0.2\na b\nnot a pair of tokens\n");
  CHECK_FALSE(report().good());
  CHECK(says(report().to_text(), "merges.txt"));
}

TEST_CASE("parts that do not belong together are found by the check, before anything is loaded") {
  const TempFolder folder;
  const fs::path goldens = fs::path(ALICE_TEST_DATA) / "goldens/models";
  fs::copy(goldens / "tiny_sd15", folder / "tiny_sd15", fs::copy_options::recursive);
  fs::remove_all(folder / "tiny_sd15/unet");
  fs::copy(fs::path(ALICE_TEST_DATA) / "goldens2/models/tiny_sdxl_refiner/unet", folder / "tiny_sd15/unet",
           fs::copy_options::recursive);
  HostConfig config;
  config.models_directory = folder.path();
  Json facts;
  const Report report = check_model(Composer(config, built_in_registry()), kFolderModel, facts);
  CHECK_FALSE(report.good());
  CHECK(says(report.to_text(), "parts together"));
  CHECK(says(report.to_text(), "do not belong together"));
}

TEST_CASE("the check of a model says what it draws from, and what its network predicts") {
  const TempFolder folder;
  fs::copy(fs::path(ALICE_TEST_DATA) / "goldens2/models", folder / "models", fs::copy_options::recursive);
  add_shared_parts(folder / "models");
  HostConfig config;
  config.models_directory = folder / "models";
  const auto text_of = [&](const char* model) {
    Json facts;
    check_model(Composer(config, built_in_registry()), model, facts);
    return facts_text(facts);
  };
  CHECK(says(text_of("sd/tiny_inpaint"), "draws from a picture and a mask (inpainting)"));
  CHECK(says(text_of("sd/tiny_pix2pix"), "draws from a picture (editing)"));
  CHECK(says(text_of("sd/tiny_sdxl_refiner"), "draws from text"));
}
