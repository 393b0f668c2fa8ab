#include "core/io/part_folder.h"

#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kModel = ALICE_TEST_DATA "/goldens/models/tiny_sd15";
constexpr const char* kIndex = "model.safetensors.index.json";

bool has_tensor(const ModelFiles& part, const std::string& name) { return part.weights->index().contains(name); }

/// A folder with two shards, of tensors a and b, and an index.
void write_shards(const TempFolder& folder, const std::string& weight_map) {
  folder.write("model-1.safetensors", tiny_safetensors("a"));
  folder.write("model-2.safetensors", tiny_safetensors("b"));
  folder.write(kIndex, R"({"metadata":{"total_size":2},"weight_map":)" + weight_map + "}");
}

Error error_with_map(const std::string& weight_map) {
  const TempFolder folder;
  write_shards(folder, weight_map);
  const Error error = error_of([&] { open_part_folder(folder.path()); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(error.place() == (folder / kIndex).string());
  return error;
}

}  // namespace

TEST_CASE("a part's folder gives weights, config and the other files") {
  const ModelFiles unet = open_part_folder(kModel + "/unet");
  CHECK(unet.place == kModel + "/unet");
  CHECK(unet.config["cross_attention_dim"] == 8);
  CHECK(has_tensor(unet, "conv_in.weight"));
  CHECK(unet.assets.empty());

  const TempFolder folder;
  folder.write("model.safetensors", tiny_safetensors("a"));
  folder.write("model.fp16.safetensors", tiny_safetensors("a"));
  folder.write("model.bin", "pickle");
  folder.write("merges.txt", "x");
  folder.write("inside/notes.txt", "x");
  const ModelFiles part = open_part_folder(folder.path());
  CHECK(part.config.is_null());
  REQUIRE(part.assets.size() == 1);
  CHECK(part.assets.at("merges.txt") == folder / "merges.txt");
}

TEST_CASE("files of a variant are taken when asked for, or when there are no others") {
  const TempFolder folder;
  folder.write("diffusion_pytorch_model.fp16.safetensors", tiny_safetensors("half"));
  CHECK(has_tensor(open_part_folder(folder.path()), "half"));
  folder.write("diffusion_pytorch_model.safetensors", tiny_safetensors("full"));
  CHECK(has_tensor(open_part_folder(folder.path()), "full"));
  CHECK(has_tensor(open_part_folder(folder.path(), "fp16"), "half"));
  CHECK(has_tensor(open_part_folder(folder.path(), "bf16"), "full"));
}

TEST_CASE("a variant that is alone can be meant only, and of several the usual one is") {
  for (const char* base : {"model", "diffusion_pytorch_model"}) {
    for (const char* variant : {"fp16", "bf16", "fp32", "ema"}) {
      INFO(base << " " << variant);
      const TempFolder folder;
      folder.write(base + std::string(".") + variant + ".safetensors", tiny_safetensors(variant));
      CHECK(has_tensor(open_part_folder(folder.path()), variant));
    }
  }
  const TempFolder folder;
  for (const char* variant : {"non_ema", "fp32", "bf16", "fp16"}) {
    folder.write(std::string("model.") + variant + ".safetensors", tiny_safetensors(variant));
    CHECK(has_tensor(open_part_folder(folder.path()), variant));  // each is before those written so far
  }
  CHECK(has_tensor(open_part_folder(folder.path(), "non_ema"), "non_ema"));
  const TempFolder shards;
  shards.write("model.bf16-00001-of-00001.safetensors", tiny_safetensors("a"));
  shards.write("model.safetensors.index.bf16.json", R"({"weight_map":{"a":"model.bf16-00001-of-00001.safetensors"}})");
  CHECK(has_tensor(open_part_folder(shards.path()), "a"));
}

TEST_CASE("shards are read through their index, in each spelling of its name") {
  for (const char* name : {"model.safetensors.index.json", "model.safetensors.index.fp16.json",
                           "model.safetensors.fp16.index.json", "diffusion_pytorch_model.safetensors.index.json"}) {
    INFO(name);
    const TempFolder folder;
    folder.write("one.safetensors", tiny_safetensors("a"));
    folder.write("sub/two.safetensors", tiny_safetensors("b"));
    folder.write(name, R"({"weight_map":{"a":"one.safetensors","b":"sub/two.safetensors"}})");
    const ModelFiles part = open_part_folder(folder.path());
    CHECK(has_tensor(part, "a"));
    CHECK(has_tensor(part, "b"));
    CHECK(part.assets.empty());
  }
}

TEST_CASE("links are followed, and one that leads nowhere is named") {
  const TempFolder folder;
  folder.write("blobs/x", tiny_safetensors("a"));
  std::filesystem::create_directories(folder / "part");
  std::filesystem::create_symlink("../blobs/x", folder / "part/model.safetensors");
  CHECK(has_tensor(open_part_folder(folder / "part"), "a"));
  std::filesystem::remove(folder / "blobs/x");
  const Error error = error_of([&] { open_part_folder(folder / "part"); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(says(error.place(), "model.safetensors"));
}

TEST_CASE("an index that names files outside its folder is refused") {
  for (const char* name : {"../x.safetensors", "/etc/passwd", "a/../../x", "..", ""}) {
    INFO(name);
    CHECK(says(error_with_map(R"({"a":")" + std::string(name) + R"("})").sentence(), "outside its folder"));
  }
}

TEST_CASE("an index that disagrees with its shards is refused") {
  CHECK(says(error_with_map(R"({"a":"model-1.safetensors","b":"model-3.safetensors"})").sentence(),
             "'model-3.safetensors', which is not there"));
  CHECK(says(error_with_map(R"({"a":"model-1.safetensors","c":"model-1.safetensors"})").sentence(),
             "'c' into model-1.safetensors, but no shard"));
  CHECK(says(error_with_map(R"({"a":"model-1.safetensors","b":"model-1.safetensors"})").sentence(), "no shard has it"));
  CHECK(says(error_with_map(R"({"a":"model-2.safetensors","b":"model-1.safetensors"})").sentence(),
             "but it is in model-1.safetensors"));
  CHECK(says(
      error_with_map(R"({"b":"model-2.safetensors","a":"model-1.safetensors","x":"model-1.safetensors"})").sentence(),
      "'x'"));
  const TempFolder folder;
  write_shards(folder, R"({"a":"model-1.safetensors"})");
  folder.write(
      "model-1.safetensors",
      safetensors_bytes(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
          "x"));
  CHECK(says(error_of([&] { open_part_folder(folder.path()); }).sentence(), "does not list tensor 'z'"));
}

TEST_CASE("an index of wrong types is refused") {
  for (const char* map :
       {"3", "null", "[]", "{}", "\"a\"", R"({"a":3})", R"({"a":null})", R"({"a":["model-1.safetensors"]})"}) {
    INFO(map);
    error_with_map(map);
  }
  const TempFolder folder;
  for (const char* text : {"[]", "{}", "", "3", "{\"weight_map\""}) {
    folder.write(kIndex, text);
    CHECK(error_of([&] { open_part_folder(folder.path()); }).code() == ErrorCode::bad_weights);
  }
}

TEST_CASE("a shard whose name is too long for any file is not there") {
  CHECK(says(error_with_map(R"({"a":")" + std::string(5000, 'x') + R"("})").sentence(), "not there"));
}

TEST_CASE("a folder without weights is refused with what was looked for") {
  const TempFolder folder;
  folder.write("config.json", "{}");
  const Error none = error_of([&] { open_part_folder(folder.path()); });
  CHECK(none.code() == ErrorCode::bad_weights);
  CHECK(says(none.sentence(), "diffusion_pytorch_model.safetensors"));
  folder.write("other.safetensors", tiny_safetensors("a"));
  CHECK(says(error_of([&] { open_part_folder(folder.path()); }).sentence(), "other.safetensors"));
  folder.write("half.ckpt", "x");
  CHECK(says(error_of([&] { open_part_folder(folder.path()); }).sentence(), "half.ckpt"));
}

TEST_CASE("PyTorch's files are taken where there are no safetensors, whole or in shards") {
  const TempFolder folder;
  const std::string bytes = bytes_of(ALICE_TEST_DATA "/checkpoints/bare_zip.pt");
  const auto tensors = [&](const std::string& name) { return open_part_folder(folder / name).weights->index().tensors; };
  for (const char* name : {"a/pytorch_model.bin", "b/diffusion_pytorch_model.fp16.bin", "c/one.bin"})
    folder.write(name, bytes);
  CHECK(tensors("a").size() > 1);
  CHECK(tensors("b").size() == tensors("a").size());
  std::string map;
  for (const auto& tensor : tensors("a")) map += (map.empty() ? "" : ",") + ("\"" + tensor.first) + "\":\"one.bin\"";
  folder.write("c/pytorch_model.bin.index.json", "{\"weight_map\":{" + map + "}}");
  CHECK(tensors("c").size() == tensors("a").size());
  CHECK(open_part_folder(folder / "c").assets.empty());
  folder.write("a/model.safetensors", tiny_safetensors("x"));
  CHECK(tensors("a").size() == 1);
  folder.write("training/pytorch_model.bin", bytes_of(ALICE_TEST_DATA "/checkpoints/lightning_zip.ckpt"));
  std::vector<Fault> warnings;
  open_part_folder(folder / "training", "", &warnings);
  CHECK(warnings.size() == 1);
}

TEST_CASE("folders of other formats are called what they are") {
  const auto said_of = [](const std::vector<std::string>& names) {
    const TempFolder folder;
    for (const std::string& name : names) folder.write(name, "x");
    const Error error = error_of([&] { open_part_folder(folder.path()); });
    CHECK(error.code() == ErrorCode::unsupported);
    return error.sentence();
  };
  CHECK(says(said_of({"config.json", "openvino_model.bin", "openvino_model.xml"}), "OpenVINO"));
  CHECK(says(said_of({"model.onnx"}), "ONNX"));
  CHECK(says(said_of({"model.onnx", "model.onnx_data"}), "ONNX"));
  CHECK(says(said_of({"flax_model.msgpack"}), "Flax"));
}

TEST_CASE("a file that holds only a link's target as text is no link") {
  const TempFolder folder;
  folder.write("real/model.safetensors", tiny_safetensors("a"));
  folder.write("part/model.safetensors", "../real/model.safetensors");
  folder.write("part/merges.txt", "../real/model.safetensors");
  CHECK(files_in(folder / "part").at("merges.txt") == folder / "part/merges.txt");
  CHECK(error_of([&] { open_part_folder(folder / "part"); }).code() == ErrorCode::bad_weights);
}

TEST_CASE("a config that is no object is refused, and a folder that is none is not found") {
  const TempFolder folder;
  folder.write("model.safetensors", tiny_safetensors("a"));
  for (const char* text : {"[]", "3", "null", "", "{"}) {
    folder.write("config.json", text);
    const Error error = error_of([&] { open_part_folder(folder.path()); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.place(), "config.json"));
  }
  CHECK(error_of([&] { open_part_folder(folder / "none"); }).code() == ErrorCode::not_found);
  CHECK(error_of([&] { open_part_folder(folder / "config.json"); }).code() == ErrorCode::not_found);
}
