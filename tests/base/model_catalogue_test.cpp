#include "core/base/model_catalogue.h"

#include "core/base/lora_catalogue.h"
#include "core/base/lora_names.h"
#include "core/base/model_tree.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

Names ids_in(const TempFolder& folder) {
  HostConfig config;
  config.models_directory = folder.path();
  Names ids;
  for (const auto& model : list_models(config)) ids.push_back(model.first);
  return ids;
}

Names loras_in(const fs::path& folder) {
  Names ids;
  for (const auto& lora : list_loras(folder)) ids.push_back(lora.first);
  return ids;
}

std::string lora(const Names& ids, const std::string& name) { return lora_called(name, ids, "/loras"); }

}  // namespace

TEST_CASE("links that lead in circles list every model once") {
  const TempFolder folder;
  folder.write("a.safetensors", "x");
  folder.write("group/b.safetensors", "x");
  folder.write("group/model/model_index.json", "{}");
  fs::create_directory_symlink(".", folder / "circle");
  fs::create_directory_symlink("..", folder / "group/up");
  fs::create_directory_symlink("group", folder / "again");
  fs::create_symlink("loop.safetensors", folder / "loop.safetensors");
  CHECK(ids_in(folder) == Names{"sd/a", "sd/group/b", "sd/group/model", "sd/loop"});
}

TEST_CASE("a folder that a link leads to is searched, and a model's folder may have two names") {
  const TempFolder folder, elsewhere;
  elsewhere.write("x.safetensors", "x");
  elsewhere.write("m/model_index.json", "{}");
  fs::create_directory_symlink(elsewhere.path(), folder / "disk");
  fs::create_directory_symlink(elsewhere / "m", folder / "other");
  CHECK(ids_in(folder) == Names{"sd/disk/m", "sd/disk/x", "sd/other"});
}

TEST_CASE("files of every format are listed, in capitals too, and the first of a name has the short id") {
  const TempFolder folder;
  for (const char* name : {"LOUD.SAFETENSORS", "x.safetensors", "x.Safetensors", "old.ckpt", "old.pt", "x.bin",
                           "small.gguf", "notes.txt", ".ckpt",
                           ".safetensors", "loras/style.safetensors"})
    folder.write(name, "x");
  CHECK(ids_in(folder) == Names{"sd/LOUD", "sd/old", "sd/old.pt", "sd/small", "sd/x", "sd/x.bin", "sd/x.safetensors"});
}

TEST_CASE("LoRAs are listed by their path in the folder, whatever their ending's letters") {
  const TempFolder folder;
  for (const char* name : {"base.safetensors", "style/deep.safetensors", "a/b/c/four.safetensors",
                           "a/b/c/d/five.safetensors", "LOUD.SAFETENSORS", "ends .safetensors", "x.safetensors",
                           "x.SAFETENSORS", "notes.txt", ".hidden.safetensors", "base.pt", "old.ckpt"})
    folder.write(name, "x");
  fs::create_directory_symlink("..", folder / "style/up");
  CHECK(loras_in(folder.path()) ==
        Names{"LOUD", "a/b/c/four", "base", "base.pt", "ends ", "old", "style/deep", "x", "x.safetensors"});
  CHECK(loras_in(folder / "none").empty());
}

TEST_CASE("a LoRA is meant by its id, or by its last name where that is the only one") {
  const Names ids = {"a/same", "b/same", "ends ", "style/deep", "x"};
  CHECK(lora(ids, "style/deep") == "style/deep");
  CHECK(lora(ids, "deep") == "style/deep");
  CHECK(lora(ids, "lora/style/deep") == "style/deep");
  CHECK(lora(ids, "lora/deep") == "style/deep");
  CHECK(lora(ids, "deep.safetensors") == "style/deep");
  CHECK(lora(ids, "ends ") == "ends ");
  CHECK(lora(ids, "ends") == "ends ");
  CHECK(lora(ids, " x ") == "x");
  CHECK(lora({"a/ends "}, "ends") == "a/ends ");
  CHECK(lora(ids, "a/same") == "a/same");
  const Error several = error_of([&] { lora(ids, "same"); });
  CHECK(several.code() == ErrorCode::not_found);
  CHECK(several.place() == "/loras");
  CHECK(says(several.sentence(), "'a/same', 'b/same'"));
  CHECK(says(error_of([&] { lora(ids, "style/deeb"); }).sentence(), "did you mean 'style/deep'"));
  CHECK(says(error_of([&] { lora({}, "x"); }).sentence(), "there are none"));
  for (const char* name : {"../x", "", "/", "lora/", ".."})
    CHECK(error_of([&] { lora(ids, name); }).code() == ErrorCode::not_found);
}
