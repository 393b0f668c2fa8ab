#include "server/worker/make_model/make_model.h"

#include <cmath>

#include "core/base/safetensors_header.h"
#include "core/io/part_folder.h"
#include "core/io/safetensors_file.h"
#include "server/worker/check/model_checks.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = std::string(ALICE_TEST_DATA) + "/goldens/models";
constexpr const char* kUNetFile = "unet/diffusion_pytorch_model.safetensors";
constexpr const char* kVaeFile = "vae/diffusion_pytorch_model.safetensors";
constexpr const char* kTextFile = "text_encoder/model.safetensors";

Composer& composer() {
  static Composer one(golden_models(), built_in_registry());
  return one;
}

/// Makes a model of a golden's settings, and gives its folder.
fs::path made(const fs::path& out, const std::string& settings = "tiny_sd15", at::ScalarType dtype = at::kFloat,
              uint64_t seed = 0) {
  ModelRecipe recipe;
  recipe.settings = kGolden / settings;
  recipe.out = out;
  recipe.dtype = dtype;
  recipe.seed = seed;
  make_model(composer(), recipe);
  return out;
}

Error refusal(const fs::path& settings, const fs::path& out) {
  ModelRecipe recipe;
  recipe.settings = settings;
  recipe.out = out;
  return error_of([&] { make_model(composer(), recipe); });
}

/// Name to shape.
std::map<std::string, std::vector<int64_t>> shapes_in(const fs::path& file) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, info] : read_safetensors_header(file).tensors) shapes[name] = info.shape;
  return shapes;
}

size_t entries_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// The golden's settings in a folder of their own, without weights.
fs::path bare_settings(const TempFolder& folder) {
  for (const char* part : {"unet", "vae", "text_encoder"}) {
    fs::create_directories(folder / "settings" / part);
    fs::copy_file(kGolden / "tiny_sd15" / part / "config.json", folder / "settings" / part / "config.json");
  }
  for (const char* whole : {"tokenizer", "scheduler"}) {
    fs::create_directories(folder / "settings" / whole);
    for (const auto& [name, file] : files_in(kGolden / "tiny_sd15" / whole))
      fs::copy_file(file, folder / "settings" / whole / name);
  }
  return folder / "settings";
}

}  // namespace

TEST_CASE("a model that is made has the tensors, by name and shape, of one that was saved by the reference") {
  const TempFolder folder;
  const fs::path sd15 = made(folder / "sd15"), sdxl = made(folder / "sdxl", "tiny_sdxl");
  for (const char* file : {kUNetFile, kVaeFile, kTextFile}) {
    INFO(file);
    CHECK(shapes_in(sd15 / file) == shapes_in(kGolden / "tiny_sd15" / file));
    CHECK(shapes_in(sdxl / file) == shapes_in(kGolden / "tiny_sdxl" / file));
  }
  const char* second = "text_encoder_2/model.safetensors";
  CHECK(shapes_in(sdxl / second) == shapes_in(kGolden / "tiny_sdxl" / second));
}

TEST_CASE("a model that is made passes the checks of a model, in both precisions") {
  const TempFolder folder;
  for (const auto dtype : {at::kFloat, at::kHalf}) {
    const std::string model = made(folder / c10::toString(dtype), "tiny_sd15", dtype).string();
    Json facts;
    const Report checked = check_model(composer(), model, facts);
    INFO(checked.to_text());
    CHECK(checked.good());
    CHECK(facts.at("parts").at("unet").at("facts").at("dtypes") == Json({dtype == at::kHalf ? "F16" : "F32"}));
    const Report ran = check_infer(composer(), model);
    INFO(ran.to_text());
    CHECK(ran.good());
  }
}

TEST_CASE("the same seed gives the same files, and another seed others") {
  const TempFolder folder;
  const fs::path first = made(folder / "first"), again = made(folder / "again"),
                 other = made(folder / "other", "tiny_sd15", at::kFloat, 1);
  for (const char* file : {kUNetFile, kVaeFile, kTextFile}) {
    CHECK(bytes_of(first / file) == bytes_of(again / file));
    CHECK(bytes_of(first / file) != bytes_of(other / file));
  }
}

TEST_CASE("matrices and kernels deviate by one over the root of their inputs; norms are 1, biases 0") {
  const TempFolder folder;
  const auto weights = SafetensorsFile::open(made(folder / "model") / kUNetFile);
  for (const auto& [name, info] : weights->index().tensors) {
    INFO(name);
    const Tensor tensor = weights->tensor(name).to(at::kDouble);
    if (info.shape.size() == 1) {
      CHECK(tensor.equal(says(name, "bias") ? at::zeros_like(tensor) : at::ones_like(tensor)));
    } else if (info.elements() > 1000) {
      const auto inputs = static_cast<double>(tensor[0].numel());
      const double error_of_deviation = 1 / std::sqrt(2.0 * static_cast<double>(info.elements()));
      const double deviation = tensor.std().item<double>() * std::sqrt(inputs);
      CHECK(std::abs(deviation - 1) < 6 * error_of_deviation);
    }
  }
}

TEST_CASE("without a model_index.json one is written, of the classes that the parts name") {
  const TempFolder folder;
  ModelRecipe recipe;
  recipe.settings = bare_settings(folder);
  recipe.out = folder / "model";
  make_model(composer(), recipe);
  const Json index = read_json_file(folder / "model/model_index.json");
  const Json reference = read_json_file(kGolden / "tiny_sd15/model_index.json");
  for (const char* part : {"unet", "vae", "text_encoder", "scheduler"}) CHECK(index.at(part) == reference.at(part));
  CHECK(composer().blueprint((folder / "model").string(), true)->faults.empty());
}

TEST_CASE("what cannot be made leaves nothing behind, and what is there is not touched") {
  const TempFolder folder, outs;
  const auto leaves_nothing = [&](const fs::path& settings, ErrorCode code, const std::string& place) {
    const Error error = refusal(settings, outs / "model");
    INFO(error.what());
    CHECK(error.code() == code);
    CHECK(says(error.place(), place));
    CHECK(entries_in(outs.path()) == 0);
  };
  leaves_nothing(folder / "none", ErrorCode::not_found, "none");
  const fs::path settings = bare_settings(folder);
  fs::rename(settings / "vae", settings / "aside");
  leaves_nothing(settings, ErrorCode::not_found, "vae");
  fs::create_directory(settings / "vae");
  folder.write("settings/vae/config.json", R"({"_class_name": "Nobodys"})");
  leaves_nothing(settings, ErrorCode::bad_weights, "vae");
  folder.write("settings/vae/config.json", "[");
  leaves_nothing(settings, ErrorCode::bad_weights, "vae/config.json");

  CHECK(refusal(kGolden / "tiny_sd15", outs / "none/model").code() == ErrorCode::not_found);
  outs.write("model/mine", "kept");
  CHECK(refusal(kGolden / "tiny_sd15", outs / "model").code() == ErrorCode::bad_request);
  CHECK(refusal(kGolden / "tiny_sd15", (outs / "model").string() + "/").code() == ErrorCode::bad_request);
  CHECK(bytes_of(outs / "model/mine") == "kept");
  CHECK(entries_in(outs.path()) == 1);
}
