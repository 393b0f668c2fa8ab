#include "server/worker/compat/compat.h"

#include <fstream>
#include <set>

#include "core/io/safetensors_writer.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = fs::path(ALICE_TEST_DATA) / "goldens";
const fs::path kSecond = fs::path(ALICE_TEST_DATA) / "goldens2";  // made by tools/goldens/cut_second_set.py

std::string failures(const Report& report) {
  std::string text;
  for (const CaseResult& result : report.results())
    if (result.status == CaseStatus::failed || (result.status == CaseStatus::skipped && result.in_scope))
      text += result.part + "/" + result.id + ": " + result.sentence + "\n";
  return text;
}

/// Adds `change` to the first number of one tensor.
void add_to_first(const fs::path& file, const std::string& name, double change) {
  std::map<std::string, Tensor> tensors;
  {
    const auto source = SafetensorsFile::open(file);
    REQUIRE(source->index().contains(name));
    for (const auto& tensor : source->index().tensors) tensors[tensor.first] = source->tensor(tensor.first).clone();
  }
  const Tensor first = tensors[name].view(-1)[0];
  first.fill_(first.item<double>() + change);
  write_safetensors(file, tensors, {});
}

/// A golden folder with the models and one part of the goldens.
class OnePart {
 public:
  explicit OnePart(const std::string& part) : part_(part) {
    fs::create_directory_symlink(kGoldens / "models", folder_ / "models");
    fs::copy(kGoldens / part, folder_ / part, fs::copy_options::recursive);
  }
  Report check() const {
    Composer composer(golden_models(), built_in_registry());
    return check_compat(composer, folder_.path(), "");
  }
  void corrupt(const std::string& file, const std::string& name, double change) const {
    add_to_first(path(file), name, change);
  }
  fs::path path(const std::string& file) const { return folder_ / (part_ + "/" + file); }

 private:
  TempFolder folder_;
  std::string part_;
};

/// A part of the second set, whose model has the text encoder and tokenizer of the first's.
class SecondSet {
 public:
  SecondSet() {
    const fs::path model = folder_ / "models/tiny_lcm", first = kGoldens / "models/tiny_sd15";
    for (const char* folder : {"distilled", "sd15", "models"})
      fs::copy(kSecond / folder, folder_ / folder, fs::copy_options::recursive);
    for (const char* part : {"text_encoder", "tokenizer"}) fs::create_directory_symlink(first / part, model / part);
    fs::create_directory_symlink(folder_ / "models/tiny_vae4", model / "vae");
  }
  Report check() const {
    Composer composer(golden_models(), built_in_registry());
    return check_compat(composer, folder_.path(), "");
  }
  fs::path path(const std::string& file) const { return folder_ / file; }

 private:
  TempFolder folder_;
};

/// "part/id" of those with this status.
std::set<std::string> with_status(const Report& report, CaseStatus status) {
  std::set<std::string> ids;
  for (const CaseResult& result : report.results())
    if (result.status == status) ids.insert(result.part + "/" + result.id);
  return ids;
}

}  // namespace

TEST_CASE("everything in scope of the goldens passes, and nothing in scope is skipped") {
  Composer composer(golden_models(), built_in_registry());
  const TempFolder out;
  const Report report = check_compat(composer, kGoldens, out.path());
  INFO(report.to_text());
  CHECK(failures(report) == "");
  CHECK(report.good());
  CHECK(report.results().size() > 300);

  SECTION("our own tensors are written under the golden's names") {
    const auto ours = SafetensorsFile::open(out / "unet/unet.safetensors");
    const auto golden = SafetensorsFile::open(kGoldens / "unet/unet.safetensors");
    CHECK_FALSE(ours->index().tensors.empty());
    for (const auto& tensor : ours->index().tensors) {
      INFO(tensor.first);
      REQUIRE(golden->index().contains(tensor.first));
      CHECK(tensor.second.shape == golden->index().find(tensor.first)->shape);
    }
  }
}

TEST_CASE("one corrupted tensor of each part fails that part") {
  struct Corruption {
    std::string part, file, name;
    double change;
  };
  const auto corruption = GENERATE(values<Corruption>({
      {"rng", "rng.safetensors", "42/17", 1e-6},
      {"text", "text.safetensors", "sd15/0/last", 1e-3},
      {"text", "text.safetensors", "sd15/1/clip_skip2", 1e-3},
      {"text", "text.safetensors", "sd15/1/ids", 1},
      {"unet", "unet.safetensors", "sd15/2_1_1/out", 1e-3},
      {"vae", "vae.safetensors", "sd15/0/decoded", 1e-3},
      {"vae", "vae.safetensors", "sd15/1/mean", 1e-3},
      {"lora", "outputs.safetensors", "peft/0.5/text", 1e-3},
      {"images", "images.safetensors", "sd15_txt2img_02/latents", 1e-2},
      {"images", "images.safetensors", "sd15_txt2img_00/image_u8", 5},
  }));
  INFO(corruption.part << " " << corruption.name);
  const OnePart golden(corruption.part);
  golden.corrupt(corruption.file, corruption.name, corruption.change);
  const Report report = golden.check();
  CHECK_FALSE(report.good());
  size_t failed = 0;
  for (const CaseResult& result : report.results()) failed += result.status == CaseStatus::failed ? 1 : 0;
  CHECK(failed >= 1);  // corrupted ids are the input of other cases too
}

TEST_CASE("a corrupted scheduler trace and a corrupted token id fail") {
  {
    const OnePart golden("schedulers");
    const Json cases = read_json_file(golden.path("cases.json"));
    golden.corrupt("traces.safetensors", cases.at("cases").at(0).at("id").get<std::string>() + "/in", 1e-2);
    CHECK_FALSE(golden.check().good());
  }
  {
    const OnePart golden("tokenizer");
    Json cases = read_json_file(golden.path("cases.json"));
    cases["cases"][3]["ids"][1] = 7;
    std::ofstream(golden.path("cases.json")) << cases.dump();
    CHECK_FALSE(golden.check().good());
  }
}

TEST_CASE("the second set's tables are read: runs stage by stage, first calls of the network, components") {
  const Report report = SecondSet().check();
  INFO(report.to_text());
  CHECK(report.good());
  const std::string runs = "distilled/images/";
  CHECK(with_status(report, CaseStatus::passed) ==
        std::set<std::string>{"images/" + runs + "lcm_4", "images/" + runs + "lcm_6", "images/" + runs + "lcm_batch2",
                              "unet/" + runs + "lcm_4 first call", "unet/" + runs + "lcm_6 first call",
                              "unet/" + runs + "lcm_batch2 first call", "unet/" + runs + "lcm_img2img_0.5 first call",
                              "unet/distilled/unet/0", "unet/distilled/unet/1", "unet/distilled/unet/2",
                              "vae/sd15/vae/0", "vae/sd15/vae/1"});
  CHECK(with_status(report, CaseStatus::skipped) == std::set<std::string>{"images/" + runs + "lcm_img2img_0.5"});
}

TEST_CASE("one number of the second set that is wrong fails the run that it belongs to") {
  const auto failing_after = [](const std::function<void(const SecondSet&)>& corrupt) {
    const SecondSet golden;
    corrupt(golden);
    const Report report = golden.check();
    CHECK_FALSE(report.good());
    return with_status(report, CaseStatus::failed);
  };
  const std::string run = "images/distilled/images/lcm_6";
  for (const auto& [tensor, change] : std::vector<std::pair<std::string, double>>{
           {"lcm_6/latents", 0.1}, {"lcm_6/unet0/out", 1e-3}, {"lcm_4/noise3", 1e-6}, {"context/0", 1e-3}}) {
    INFO(tensor);
    CHECK(failing_after([&](const SecondSet& golden) {
            add_to_first(golden.path("distilled/images.safetensors"), tensor, change);
          }).count(run) == 1);
  }
  for (const char* number : {"draws", "unet_timesteps", "mean"}) {
    INFO(number);
    CHECK(failing_after([&](const SecondSet& golden) {
            Json table = read_json_file(golden.path("distilled/images.json"));
            for (Json& one : table["cases"]) {
              Json& value = one["id"] == "lcm_6" ? one[number] : one["note"];
              if (value.is_array()) value[1] = value[1].get<double>() + 1;
              if (value.is_number()) value = value.get<double>() + 1;
            }
            std::ofstream(golden.path("distilled/images.json")) << table.dump();
          }) == std::set<std::string>{run});
  }
}

TEST_CASE("a golden folder in which nothing runs is no pass") {
  const TempFolder empty;
  Composer composer(golden_models(), built_in_registry());
  CHECK_FALSE(check_compat(composer, empty.path(), "").good());
  CHECK(error_of([&] { check_compat(composer, empty / "absent", ""); }).code() == ErrorCode::not_found);
}

TEST_CASE("a skip inside the scope is no pass") {
  Composer composer(golden_models(), std::make_shared<const Registry>(std::vector<PlacedPath>{}));  // no plugin at all
  const Report report = check_compat(composer, kGoldens, "");
  CHECK_FALSE(report.good());
}

TEST_CASE("damaged golden files are failures with a sentence") {
  const OnePart golden("unet");
  std::ofstream(golden.path("unet.safetensors"), std::ios::trunc) << "torn";
  const Report report = golden.check();
  REQUIRE(report.results().size() == 1);
  CHECK(report.results()[0].status == CaseStatus::failed);
  CHECK(says(report.results()[0].sentence, "unet.safetensors"));
}
