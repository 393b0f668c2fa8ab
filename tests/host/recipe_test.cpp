// A picture holds its whole recipe: drawn from that alone, elsewhere and without the configuration, it is the same
// file.

#include <regex>

#include "core/base/json.h"
#include "core/io/images.h"
#include "core/io/safetensors_writer.h"
#include "tests/host/tiny_decoder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = std::string(ALICE_TEST_DATA) + "/goldens";

/// A user with models, loras and a home of their own.
class User {
 public:
  User() {
    fs::create_directories(folder / "models/loras");
    for (const char* name : {"tiny_sd15", "clip_vocab"})
      fs::copy(kGoldens / "models" / name, folder / "models" / name, fs::copy_options::recursive);
    fs::copy(kGoldens / "lora/peft.safetensors", folder / "models/loras/style.safetensors");
    fs::create_directories(folder / "elsewhere");
    folder.write("empty.yaml", "");
    write_tiny_decoder(folder / "decoders/tiny.safetensors");
  }

  /// `config` is the text of the whole configuration.
  Outcome draw(const std::string& config, const std::string& arguments) const {
    const auto file = folder.write("config.yaml", config);
    return alice("generate --config " + file.string() + " --prompt 'a cat' --seed 3 --steps 2 --width 64 --height 64 " +
                 arguments + " --out " + picture().string());
  }
  Outcome draw_again(const std::string& arguments = "") const {
    return alice("generate --config ../empty.yaml --from " + picture().string() + " --out " + again().string() + " " +
                 arguments);
  }
  Outcome alice(const std::string& words) const {
    return run_program("cd " + (folder / "elsewhere").string() + " && env -u XDG_DATA_HOME HOME=" +
                       (folder / "home").string() + " " ALICE_BUILD_DIR "/alice " + words + " --models " +
                       (folder / "models").string() + " 2>&1");
  }
  Json recipe() const {
    for (const PngText& text : read_png(picture()).texts)
      if (text.keyword == "alice") return parse_json(text.text, "alice");
    return nullptr;
  }
  fs::path picture() const { return folder / "first.png"; }
  fs::path again() const { return folder / "again.png"; }

  const TempFolder folder;
};

const std::string kModel = " --model sd/tiny_sd15";

}  // namespace

TEST_CASE("a picture is drawn again from its recipe alone, wherever its settings came from") {
  const User user;
  const auto decoder = (user.folder / "decoders/tiny.safetensors").string();
  struct Case {
    std::string name, config, arguments;
    std::vector<std::string> recorded;
  };
  const std::vector<Case> cases = {
      {"the model's entry",
       "models: {sd/tiny_sd15: {scheduler: {plugin: dpm_solver_multistep, options: {use_karras_sigmas: true}}, "
       "defaults: {guidance_scale: 4, negative_prompt: dogs, clip_skip: 1}}}\n",
       kModel,
       {R"("scheduler":"dpm_solver_multistep")", R"("use_karras_sigmas":true)", R"("negative_prompt":"dogs")"}},
      {"the general defaults",
       "generation: {default_guidance_scale: 3, default_guidance_end: 0.5, threads: 1}\n",
       kModel,
       {R"("guidance_scale":3)", R"("threads":1)", R"("scheduler":"pndm")"}},
      {"an alias",
       "",
       kModel + " --scheduler 'dpm++ 2m sde KARRAS'",
       {R"("scheduler":"dpmpp_2m_sde")", R"("sampler":"DPM++ 2M SDE Karras")", R"("schedule_type":"Karras")"}},
      {"a name that says more of the algorithm and nothing of how noise levels are spread",
       "",
       kModel + " --scheduler 'DPM++ 2M SDE Heun'",
       {R"("solver_type":"heun")", R"("sampler":"DPM++ 2M SDE Heun")", R"("schedule_type":"")"}},
      {"noise levels that an option spreads",
       "",
       kModel + " --scheduler 'Euler a' --scheduler-option spacing=sgm_uniform",
       {R"("spacing":"sgm_uniform")", R"("sampler":"Euler a")", R"("schedule_type":"SGM Uniform")"}},
      {"the model's own files, and the configuration over them",
       "models: {sd/tiny_sd15: {scheduler: {plugin: pndm, options: {timestep_spacing: trailing}}}}\n",
       kModel,
       {R"("skip_prk_steps":true)", R"("timestep_spacing":"trailing")", R"("beta_schedule":"scaled_linear")"}},
      {"the request",
       "",
       kModel + " --scheduler ddim --lora style:0.5"
                " --scheduler-option eta=0.5 --scheduler-option prediction_type=sample",
       {R"("eta":0.5)", R"("prediction_type":"sample")", R"("name":"style")"}},
      {"parts and backend of the configuration, and a source elsewhere",
       "models: {sd/subject: {source: " + (user.folder / "models/tiny_sd15").string() +
           ", vae: {plugin: tiny_autoencoder, source: " + decoder +
           "}}}\nbackends: {fast: {plugin: cpu, options: {dtype: bfloat16}}}\n",
       " --model sd/subject",
       {R"("source":"tiny.safetensors")", R"("dtype":"bfloat16")", R"("plugin":"cpu")"}},
  };
  for (const Case& one : cases) {
    INFO(one.name);
    const Outcome first = user.draw(one.config, one.arguments);
    INFO(first.output);
    REQUIRE(first.exit_code == 0);
    const std::string recorded = dump_json(user.recipe());
    INFO(recorded);
    for (const std::string& part : one.recorded) CHECK(says(recorded, part));
    CHECK_FALSE(says(recorded, user.folder.path().string()));  // pictures are shown to strangers
    const Outcome second = user.draw_again();
    INFO(second.output);
    REQUIRE(second.exit_code == 0);
    CHECK_FALSE(says(second.output, "warning"));
    CHECK(bytes_of(user.again()) == bytes_of(user.picture()));
  }
}

TEST_CASE("what was typed counts over a picture's recipe, and another file or backend is told") {
  const User user;
  REQUIRE(user.draw("", kModel + " --lora style:0.5").exit_code == 0);
  const Outcome shown = run_program(ALICE_BUILD_DIR "/alice show " + user.picture().string());
  CHECK(std::regex_search(shown.output, std::regex("(^|\n)prompt +a cat\n")));
  CHECK(parse_json(run_program(ALICE_BUILD_DIR "/alice show --json " + user.picture().string()).output, "show") ==
        user.recipe());
  REQUIRE(user.draw_again("--steps 1 --prompt 'a dog'").exit_code == 0);
  fs::copy(user.again(), user.picture(), fs::copy_options::overwrite_existing);
  CHECK(user.recipe().at("steps") == 1);
  CHECK(user.recipe().at("prompt") == "a dog");
  CHECK(user.recipe().at("seed") == 3);

  const auto lora = user.folder / "models/loras/style.safetensors";
  fs::copy(kGoldens / "lora/kohya_linear.safetensors", lora, fs::copy_options::overwrite_existing);
  const Outcome other = user.draw_again("--backend cpu");
  INFO(other.output);
  CHECK(other.exit_code == 0);
  CHECK(says(other.output, "warning: the LoRA style is another file"));
  CHECK(says(other.output, "drawn now with the backend cpu in float32"));
}

TEST_CASE("a model's hash is that of sha256sum, and is not computed twice") {
  const User user;
  fs::copy(kGoldens / "models/tiny_sd15.safetensors", user.folder / "models/one.safetensors");
  fs::copy(kGoldens / "models/tiny_sd15.json", user.folder / "models/one.json");
  const std::string models = (user.folder / "models").string();
  const auto first_word = [](const std::string& text) { return text.substr(0, text.find(' ')); };
  REQUIRE(user.draw("", " --model sd/one").exit_code == 0);
  CHECK(user.recipe().at("made_with").at("model").at("sha256") ==
        first_word(run_program("sha256sum " + models + "/one.safetensors").output));
  REQUIRE(user.draw("", kModel).exit_code == 0);
  CHECK(user.recipe().at("made_with").at("model").at("sha256") ==
        first_word(run_program("cd " + models + "/tiny_sd15 && sha256sum */*.safetensors | sha256sum").output));

  // The kept hash is believed as long as the file's stamp is as it was.
  const auto kept = user.folder / "home/.local/share/alice/cache/hashes.json";
  Json hashes = parse_json(bytes_of(kept), "hashes");
  hashes["files"][models + "/one.safetensors"]["sha256"] = std::string(64, '5');
  std::ofstream(kept) << hashes.dump();
  REQUIRE(user.draw("", " --model sd/one").exit_code == 0);
  CHECK(user.recipe().at("made_with").at("model").at("sha256") == std::string(64, '5'));
  std::ofstream(kept) << "{ torn";
  REQUIRE(user.draw("", " --model sd/one").exit_code == 0);
  CHECK(user.recipe().at("made_with").at("model").at("sha256") != std::string(64, '5'));
}

TEST_CASE("a picture without settings is refused with a sentence, and so is what is no picture") {
  const User user;
  write_png(user.folder / "bare.png", {at::zeros({8, 8, 3}, at::kByte), {}});
  const Outcome bare = user.alice("generate --out x.png --from " + (user.folder / "bare.png").string());
  CHECK(bare.exit_code == 2);
  CHECK(says(bare.output, "holds no settings"));
}
