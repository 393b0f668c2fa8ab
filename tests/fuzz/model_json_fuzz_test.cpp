// The JSON files of a model folder, changed byte by byte and value by value.

#include "core/io/model_files.h"
#include "core/io/part_folder.h"
#include "tests/fuzz/mutants.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kModelIndex =
    R"({"_class_name":"P","unet":["d","U"],"scheduler":["d","S"],"vae":[null,null],"x":false})";
const std::string kShardIndex =
    R"({"metadata":{"total_size":2},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}})";
const std::string kSettings = R"({"unet":{"a":1},"scheduler":{"b":[2]},"notes":"x"})";

/// A folder with a model of one part in two shards, and a single file with settings.
struct Model {
  TempFolder folder;

  Model() {
    folder.write("model_index.json", kModelIndex);
    folder.write("scheduler/scheduler_config.json", "{}");
    folder.write("unet/config.json", "{}");
    folder.write("unet/m-1.safetensors", tiny_safetensors("a"));
    folder.write("unet/m-2.safetensors", tiny_safetensors("b"));
    folder.write("unet/model.safetensors.index.json", kShardIndex);
    folder.write("one.safetensors", tiny_safetensors("a"));
    folder.write("one.json", kSettings);
  }
};

/// Bytes that mean something in JSON, in paths or in C; every byte of a file is changed to each.
constexpr std::string_view kBytes("\0 \"\\{}[],:./-1n\xff", 16);

/// Reads a file of the model in every such form. `name`: the file; `read`: what reads it. Gives the number of forms
/// accepted.
size_t accepted_changes(const TempFolder& folder, const std::string& name, const std::string& text,
                        const std::function<void()>& read) {
  size_t accepted = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char byte : kBytes) {
      std::string mutant = text;
      mutant[at] = byte;
      folder.write(name, mutant);
      INFO(mutant);
      accepted += reads_or_tells(read);
    }
  }
  each_cut(text, [&](const std::string& cut) {
    folder.write(name, cut);
    INFO(cut);
    if (reads_or_tells(read)) FAIL("a file that is cut was read");
  });
  folder.write(name, text);
  CHECK(reads_or_tells(read));
  return accepted;
}

/// Calls `use` for `json` with each value in it, at any depth, replaced by each of several others.
void each_replaced(const Json& json, const std::function<void(const Json&)>& use) {
  const Json others[] = {nullptr,
                         true,
                         0,
                         -1,
                         1.5,
                         1e300,
                         "",
                         "x",
                         "../x",
                         Json::array(),
                         Json::object(),
                         Json::array({1}),
                         {{"x", 1}},
                         std::string(5000, 'x'),
                         UINT64_MAX};
  const Json flat = json.flatten();
  for (const auto& leaf : flat.items()) {
    for (Json::json_pointer at(leaf.key()); !at.empty(); at = at.parent_pointer()) {
      for (const Json& other : others) {
        Json mutant = json;
        mutant[at] = other;
        use(mutant);
      }
    }
  }
}

}  // namespace

TEST_CASE("every change of model_index.json is an error with a sentence, or a valid read") {
  const Model model;
  const auto read = [&] { open_model(model.folder.path()); };
  const size_t accepted = accepted_changes(model.folder, "model_index.json", kModelIndex, read);
  // Names and class names are free text: some changes are fine, most are not.
  CHECK(accepted > 100);
  CHECK(accepted < kModelIndex.size() * kBytes.size() / 2);
  each_replaced(Json::parse(kModelIndex), [&](const Json& mutant) {
    model.folder.write("model_index.json", mutant.dump());
    INFO(mutant.dump());
    reads_or_tells(read);
  });
}

TEST_CASE("every change of a shard index is an error with a sentence, or a valid read") {
  const Model model;
  const std::string name = "unet/model.safetensors.index.json";
  const auto read = [&] {
    // What is accepted has both tensors, from the folder's own files.
    const ModelFiles part = open_part_folder(model.folder / "unet");
    CHECK(part.weights->index().tensors.size() == 2);
    CHECK(part.weights->tensor("a").numel() == 1);
    CHECK(part.weights->tensor("b").numel() == 1);
  };
  accepted_changes(model.folder, name, kShardIndex, read);
  each_replaced(Json::parse(kShardIndex), [&](const Json& mutant) {
    model.folder.write(name, mutant.dump());
    INFO(mutant.dump());
    const bool map_untouched =
        mutant.is_object() && mutant.value("weight_map", Json()) == Json::parse(kShardIndex)["weight_map"];
    CHECK(reads_or_tells(read) == map_untouched);
  });
}

TEST_CASE("every change of a single file's settings is an error with a sentence, or a valid read") {
  const Model model;
  const auto read = [&] {
    const StoredModel stored = open_model(model.folder / "one.safetensors");
    for (const auto& [name, part] : stored.parts) CHECK((part.config.is_null() || part.config.is_object()));
    CHECK((stored.scheduler_config.is_null() || stored.scheduler_config.is_object()));
  };
  accepted_changes(model.folder, "one.json", kSettings, read);
  each_replaced(Json::parse(kSettings), [&](const Json& mutant) {
    model.folder.write("one.json", mutant.dump());
    INFO(mutant.dump());
    reads_or_tells(read);
  });
}

TEST_CASE("configs that nest deeply are refused") {
  const Model model;
  const std::string deep = "{\"a\":" + std::string(1000000, '[') + std::string(1000000, ']') + "}";
  for (const char* name : {"unet/config.json", "scheduler/scheduler_config.json", "model_index.json"}) {
    const std::string before = bytes_of(model.folder / name);
    model.folder.write(name, deep);
    CHECK_FALSE(reads_or_tells([&] { open_model(model.folder.path()); }));
    model.folder.write(name, before);
  }
}
