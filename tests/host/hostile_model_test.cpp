// Models with wrong settings and damaged weights: each is an error with a sentence, or a picture; never a crash.

#include <sys/stat.h>

#include <fstream>

#include "core/base/one_line.h"
#include "core/io/safetensors_file.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kModel = fs::path(ALICE_TEST_DATA) / "goldens/models/tiny_sd15";

/// A copy of the small model as "sd/hostile".
class HostileModel {
 public:
  HostileModel() {
    fs::copy(kModel, folder_ / "hostile", fs::copy_options::recursive);
  }
  fs::path path(const std::string& file) const { return folder_ / ("hostile/" + file); }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path(file), std::ios::trunc) << text;
  }

  /// Composes it and makes a picture in one step. "" when that works, else the sentence; fails the test for a sentence
  /// that says nothing. Anything but an alice::Error passes through.
  std::string attempt() const {
    HostConfig config;
    config.models_directory = folder_.path();
    try {
      Composer composer(config, built_in_registry());
      GenerateRequest request = small_request("sd/hostile");
      request.steps = 1;
      request.width = 64;
      request.height = 64;
      pictures(composer, request);
      return "";
    } catch (const Error& e) {
      CHECK(e.sentence().size() > 10);
      CHECK(e.code() != ErrorCode::internal);
      return e.what();
    }
  }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("the copy that is damaged below is sound") { CHECK(HostileModel().attempt() == ""); }

TEST_CASE("every setting of every config.json may be of any type, missing, or absurd") {
  const std::string file = GENERATE(as<std::string>{}, "unet/config.json", "vae/config.json",
                                    "text_encoder/config.json", "scheduler/scheduler_config.json", "model_index.json");
  const HostileModel model;
  const Json sound = read_json_file(model.path(file));
  const std::vector<Json> wrong = {nullptr,
                                   true,
                                   "words",
                                   -1,
                                   0,
                                   3,
                                   1e30,
                                   0.5,
                                   Json::array(),
                                   Json::object(),
                                   {1, 2},
                                   {"a", "b"},
                                   9223372036854775807,
                                   Json::array({Json::array({1})})};
  size_t refused = 0, tried = 0;
  for (const auto& member : sound.items()) {
    for (const Json& value : wrong) {
      Json changed = sound;
      changed[member.key()] = value;
      model.write(file, changed.dump());
      INFO(file << " " << member.key() << " = " << value.dump());
      CHECK_NOTHROW(refused += model.attempt().empty() ? 0 : 1);
      ++tried;
    }
    Json without = sound;
    without.erase(member.key());
    model.write(file, without.dump());
    INFO(file << " without " << member.key());
    CHECK_NOTHROW(model.attempt());
  }
  CHECK(refused > 0);
  CHECK(refused < tried);
}

TEST_CASE("a config.json that is no object, torn, or absent is refused with its name") {
  for (const char* file : {"unet/config.json", "vae/config.json", "text_encoder/config.json", "model_index.json"}) {
    for (const char* text : {"", "[]", "3", "\"x\"", "{", "{\"a\":", "null", "\xff\xfe"}) {
      const HostileModel model;
      model.write(file, text);
      INFO(file << ": " << text);
      const std::string said = model.attempt();
      CHECK(says(said, fs::path(file).filename().string()));
    }
  }
}

TEST_CASE("a pipe, a device or a pointer in the place of a file is a fault of the model, and keeps nobody waiting") {
  for (const char* file : {"tokenizer/merges.txt", "tokenizer/vocab.json", "tokenizer/special_tokens_map.json",
                           "unet/config.json", "vae/diffusion_pytorch_model.safetensors"}) {
    INFO(file);
    const HostileModel model;
    fs::remove(model.path(file));
    REQUIRE(::mkfifo(model.path(file).c_str(), 0600) == 0);
    CHECK(says(model.attempt(), fs::path(file).filename().string()));
    fs::remove(model.path(file));
    fs::create_symlink("/dev/zero", model.path(file));
    CHECK(says(model.attempt(), fs::path(file).filename().string()));
    fs::remove(model.path(file));
    model.write(file, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3438167534\n");
    CHECK_FALSE(model.attempt().empty());
  }
}

TEST_CASE("a file that is missing is a fault of the model, not of who asks for it") {
  for (const char* file : {"tokenizer/merges.txt", "unet/diffusion_pytorch_model.safetensors", "vae/config.json"}) {
    INFO(file);
    const HostileModel model;
    fs::remove(model.path(file));
    fs::create_symlink("nowhere", model.path(file));
    HostConfig config;
    config.models_directory = model.path("").parent_path().parent_path();
    Composer composer(config, built_in_registry());
    const Error error = error_of([&] { composer.compose("sd/hostile", false); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.what(), fs::path(file).filename().string()));
  }
}

TEST_CASE("the words of a model file reach no terminal as they are") {
  const HostileModel model;
  Json index = read_json_file(model.path("model_index.json"));
  index["_note"] = "\x1b[31mnote\n2026-11-30 00:00:00.000 critical forged by note\x1b]0;t\x07\u202e";
  model.write("model_index.json", index.dump());
  HostConfig config;
  config.models_directory = model.path("").parent_path().parent_path();
  fs::copy(kModel / "unet/diffusion_pytorch_model.safetensors", config.models_directory / "evil\nforged.safetensors");
  const Composer composer(config, built_in_registry());
  for (const ModelStatus& status : composer.models()) {
    CHECK(is_plain_line(status.note));
    CHECK(is_plain_line(status.unavailable));
    if (status.id != "sd/hostile") CHECK(says(status.unavailable, "rename it"));
  }
}

TEST_CASE("weights that are no numbers are refused, and the tensor is named") {
  struct Place {
    const char *file, *tensor;
  };
  const auto place =
      GENERATE(values<Place>({{"unet/diffusion_pytorch_model.safetensors", "mid_block.resnets.0.conv1.weight"},
                              {"unet/diffusion_pytorch_model.safetensors", "conv_norm_out.bias"},
                              {"vae/diffusion_pytorch_model.safetensors", "decoder.conv_in.weight"},
                              {"text_encoder/model.safetensors", "text_model.embeddings.token_embedding.weight"}}));
  const HostileModel model;
  std::map<std::string, Tensor> tensors;
  {
    const auto file = SafetensorsFile::open(model.path(place.file));
    for (const auto& tensor : file->index().tensors) tensors[tensor.first] = file->tensor(tensor.first).clone();
  }
  tensors.at(place.tensor).flatten()[1] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(model.path(place.file), tensors, {});
  CHECK(says(model.attempt(), place.tensor));
}

TEST_CASE("a weights file that is cut short is refused, and the file is named") {
  const HostileModel model;
  const auto file = model.path("unet/diffusion_pytorch_model.safetensors");
  for (uintmax_t size :
       {uintmax_t{0}, uintmax_t{7}, uintmax_t{100}, fs::file_size(file) / 2, fs::file_size(file) - 1}) {
    fs::resize_file(file, std::min(size, fs::file_size(file)));
    CHECK(says(model.attempt(), "diffusion_pytorch_model.safetensors"));
    fs::copy_file(kModel / "unet/diffusion_pytorch_model.safetensors", file, fs::copy_options::overwrite_existing);
  }
}
