#include "core/host/blueprint_cache.h"

#include "core/host/composer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

/// A models folder of its own: "sd/folder", "sd/file", and the vocabulary that a tokenizer's files lead to.
class OwnModels {
 public:
  OwnModels() {
    const fs::path golden = golden_models().models_directory;
    fs::copy(golden / "tiny_sd15", folder_ / "folder", fs::copy_options::recursive);
    fs::copy(golden / "clip_vocab", folder_ / "clip_vocab");
    fs::remove(folder_ / "folder/tokenizer/merges.txt");
    fs::create_symlink("../../clip_vocab/merges.txt", folder_ / "folder/tokenizer/merges.txt");
    fs::copy_file(golden / "tiny_sd15.safetensors", folder_ / "file.safetensors");
    fs::copy_file(golden / "tiny_sd15.json", folder_ / "file.json");
  }
  HostConfig config() const {
    HostConfig config;
    config.models_directory = folder_.path();
    return config;
  }
  fs::path operator/(const std::string& name) const { return folder_ / name; }

 private:
  TempFolder folder_;
};

/// Another file under the same name, of the same bytes, size and time.
void replace(const fs::path& file) {
  const auto time = fs::last_write_time(file);
  fs::copy_file(file, file.string() + ".new");
  fs::last_write_time(file.string() + ".new", time);
  fs::rename(file.string() + ".new", file);
}

void rewrite(const fs::path& file) {
  const std::string bytes = bytes_of(file);
  std::ofstream(file, std::ios::binary) << bytes << "\n";
}

}  // namespace

TEST_CASE("a blueprint is made once while the model's files stay as they are") {
  const OwnModels models;
  const Composer composer(models.config(), built_in_registry());
  for (const char* model : {"sd/folder", "sd/file"}) {
    const auto first = composer.blueprint(model, false);
    CHECK(composer.blueprint(model, false) == first);
    composer.models();
    CHECK(composer.blueprint(model, false) == first);
  }
}

TEST_CASE("a blueprint is made anew when a file that it comes from was replaced, changed, has come or gone") {
  const OwnModels models;
  const Composer composer(models.config(), built_in_registry());
  auto folder = composer.blueprint("sd/folder", false), file = composer.blueprint("sd/file", false);
  const auto is_noticed = [&](const char* model, auto& known, const auto& change) {
    change();
    auto now = composer.blueprint(model, false);
    const bool is_new = now != known;
    known = now;
    return is_new && composer.blueprint(model, false) == now;
  };
  const auto in_folder = [&](const auto& change) { return is_noticed("sd/folder", folder, change); };
  const auto in_file = [&](const auto& change) { return is_noticed("sd/file", file, change); };

  CHECK(in_folder([&] { replace(models / "folder/unet/diffusion_pytorch_model.safetensors"); }));
  CHECK(in_folder([&] { rewrite(models / "folder/vae/config.json"); }));
  CHECK(in_folder([&] { rewrite(models / "folder/scheduler/scheduler_config.json"); }));
  CHECK(in_folder([&] { rewrite(models / "folder/model_index.json"); }));
  CHECK(in_folder([&] { rewrite(models / "folder/tokenizer/tokenizer_config.json"); }));
  CHECK(in_folder([&] { replace(models / "clip_vocab/merges.txt"); }));  // where tokenizer/merges.txt leads
  CHECK(in_folder([&] { std::ofstream(models / "folder/vae/notes.txt") << "new"; }));
  CHECK(in_folder([&] { fs::remove(models / "folder/vae/notes.txt"); }));
  CHECK(in_file([&] { replace(models / "file.safetensors"); }));
  CHECK(in_file([&] { rewrite(models / "file.json"); }));
  CHECK(in_file([&] { fs::copy_file(models / "file.json", models / "file.safetensors.json"); }));
  CHECK(in_file([&] { fs::remove(models / "file.safetensors.json"); }));
  CHECK_FALSE(in_folder([&] { rewrite(models / "file.json"); }));
}

TEST_CASE("a change of a part's own source is noticed, and what is read then is the new file") {
  const OwnModels models;
  HostConfig config = models.config();
  ModelConfig swapped = find_model(config, "sd/folder", false, "");
  swapped.id = "sd/swapped";
  fs::copy(models / "folder/vae", models / "other-vae", fs::copy_options::recursive);
  swapped.parts["vae"].source = models / "other-vae";
  config.models[swapped.id] = swapped;
  const Composer composer(config, built_in_registry());
  const auto scaling = [&] {
    return composer.blueprint("sd/swapped", false)->parts.vae.recognition.facts.at("scaling_factor").get<double>();
  };
  CHECK(scaling() == 0.18215);
  Json settings = read_json_file(models / "other-vae/config.json");
  settings["scaling_factor"] = 0.5;
  std::ofstream(models / "other-vae/config.json") << settings.dump();
  CHECK(scaling() == 0.5);
}

TEST_CASE("what cannot be made is tried again, and works when it has been mended") {
  const OwnModels models;
  const Composer composer(models.config(), built_in_registry());
  const fs::path config = models / "folder/unet/config.json";
  fs::rename(config, models / "aside");
  CHECK(error_of([&] { composer.blueprint("sd/folder", false); }).code() == ErrorCode::bad_weights);
  fs::rename(models / "aside", config);
  CHECK(composer.blueprint("sd/folder", false)->faults.empty());
}

TEST_CASE("the files of a model that has gone are let go when models are listed") {
  const OwnModels models;
  const Composer composer(models.config(), built_in_registry());
  const std::weak_ptr<const Blueprint> blueprint = composer.blueprint("sd/file", false);
  CHECK_FALSE(blueprint.expired());
  fs::remove(models / "file.safetensors");
  composer.models();
  CHECK(blueprint.expired());
}

TEST_CASE("a request after a change of the weights is made with the new ones") {
  const OwnModels models;
  Composer composer(models.config(), built_in_registry());
  const GenerateRequest request = small_request("sd/folder");
  const auto before = composer.prepare(request, false).model;
  CHECK(composer.prepare(request, false).model == before);
  replace(models / "folder/unet/diffusion_pytorch_model.safetensors");
  const auto after = composer.prepare(request, false).model;
  CHECK(after->unet != before->unet);
  CHECK(after->vae == before->vae);
}
