#include "server/worker/compat/compat.h"

#include <fstream>
#include <set>

#include "core/host/file_hashes.h"
#include "core/io/safetensors_writer.h"
#include "server/worker/compat/single_file.h"
#include "tests/host/golden_folders.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = fs::path(ALICE_TEST_DATA) / "goldens";
const fs::path kSecond = fs::path(ALICE_TEST_DATA) / "goldens2";  // made by tools/goldens/cut_second_set.py

/// A golden folder with the models and one part of the goldens.
class OnePart : public GoldenFolder {
 public:
  explicit OnePart(const std::string& part) : part_(part) {
    fs::create_directory_symlink(kGoldens / "models", GoldenFolder::path("models"));
    fs::copy(kGoldens / part, GoldenFolder::path(part), fs::copy_options::recursive);
  }
  void corrupt(const std::string& file, const std::string& name, double change) const {
    add_to_first(path(file), name, change);
  }
  fs::path path(const std::string& file) const { return GoldenFolder::path(part_ + "/" + file); }

 private:
  std::string part_;
};

/// A part of the second set.
class SecondSet : public GoldenFolder {
 public:
  explicit SecondSet(const std::vector<std::string>& folders = {"distilled", "inputs", "schedulers", "sd15", "sdxl",
                                                                "single"}) {
    fs::copy(kSecond / "models", path("models"), fs::copy_options::recursive);
    for (const std::string& folder : folders)
      fs::copy(kSecond / folder, path(folder), fs::copy_options::recursive);
    add_shared_parts(path("models"));
  }
};

std::set<std::string> failing_after(const std::string& folder, const std::function<void(const SecondSet&)>& corrupt) {
  const SecondSet golden({folder, "inputs"});
  corrupt(golden);
  const Report report = golden.check();
  CHECK_FALSE(report.good());
  return with_status(report, CaseStatus::failed);
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
      {"images", "images.safetensors", "init_image", 0.5},
      {"images", "images.safetensors", "mask", 1},
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
  std::set<std::string> passed = {"unet/distilled/unet/0", "unet/distilled/unet/1", "unet/distilled/unet/2",
                                  "vae/sd15/vae/0", "vae/sd15/vae/1"};
  for (const char* id :
       {"distilled/images/lcm_4", "distilled/images/lcm_6", "distilled/images/lcm_batch2",
        "distilled/images/lcm_img2img_0.5", "sd15/inpaint9/DDIM_1.0", "sd15/inpaint9/EulerAncestralDiscrete_0.6",
        "sd15/inpaint9/wide_batch2", "sd15/pix2pix/EulerAncestralDiscrete_7.5_1.5", "sd15/pix2pix/DDIM_5.0_1.0",
        "sdxl/images/handover_0_base", "sdxl/images/handover_0_refiner", "sdxl/images/handover_2_base",
        "sdxl/images/handover_2_refiner"})
    passed.insert({std::string("images/") + id, "unet/" + std::string(id) + " first call"});
  for (const char* type : {"f16", "bf16", "f8_e4m3", "f8_e5m2"}) {
    passed.insert(std::string("single/single/vae ") + type + " safetensors");  // its sum
    if (type != std::string("f16")) passed.insert("single/values/" + std::string(type));
  }
  for (const char* form : {"f16 safetensors", "f16 zip", "f16 legacy", "bf16 safetensors", "bf16 zip", "bf16 legacy",
                           "f32 safetensors", "f32 zip", "f32 legacy", "f8_e4m3 safetensors", "f8_e5m2 safetensors"})
    passed.insert(std::string("single/single/vae ") + form + "/vae");
  for (const char* file : {"bare_zip.pt", "evil_legacy.ckpt", "evil_zip.ckpt", "lightning_legacy.ckpt",
                           "lightning_zip.ckpt", "odd_legacy.pt", "odd_zip.pt"})
    passed.insert(std::string("single/single/ckpt/") + file);
  const Json traces = read_json_file(kSecond / "schedulers/cases.json").at("cases");
  for (const Json& trace : traces)
    passed.insert("schedulers/" + trace.at("id").get<std::string>() + " " + trace.at("cls").get<std::string>());
  CHECK(with_status(report, CaseStatus::passed) == passed);
  CHECK(with_status(report, CaseStatus::skipped).empty());
}

namespace {

/// The table of textual inversions, which asks for the first set's model as well.
class WordSet : public SecondSet {
 public:
  WordSet() : SecondSet({"adapters"}) {
    fs::create_directory_symlink(kGoldens / "models/tiny_sd15", path("models/tiny_sd15"));
  }
};

}  // namespace

TEST_CASE("textual inversions of every kind of file give the reference's ids and states") {
  const Report report = WordSet().check();
  INFO(report.to_text());
  CHECK(report.good());
  CHECK(with_status(report, CaseStatus::passed).size() == 5 * 2 + 4);
  CHECK(with_status(report, CaseStatus::skipped).empty());
  const WordSet wrong;
  add_to_first(wrong.path("models/tiny_embeddings/multi.safetensors"), "<tiny-style>", 0.1);
  CHECK(with_status(wrong.check(), CaseStatus::failed) == std::set<std::string>{"text/adapters/ti/1/embeds"});
}

TEST_CASE("what is wrong about a single file fails its own case") {
  const auto change_json = [](const fs::path& file, const std::function<void(Json&)>& change) {
    Json json = read_json_file(file);
    change(json);
    std::ofstream(file) << json.dump();
  };
  using Ids = std::set<std::string>;
  const std::string single = "single/single/";

  SECTION("a file that comes out with another sum") {
    CHECK(failing_after("single", [&](const SecondSet& golden) {
            change_json(golden.path("single/single.json"), [](Json& common) {
              common["files"]["vae"]["f8_e5m2"] = std::string(64, '0');
            });
          }) == Ids{single + "vae f8_e5m2 safetensors"});
  }
  SECTION("two tensors under each other's names: in every form") {
    const Ids failed = failing_after("single", [&](const SecondSet& golden) {
      change_json(golden.path("single/vae.json"), [](Json& map) {
        std::swap(map["tensors"]["decoder.mid.block_1.norm1.bias"], map["tensors"]["decoder.mid.block_1.norm2.bias"]);
      });
    });
    CHECK(failed.size() == 4 + 11);  // the sums, and what is read
    CHECK(failed.count(single + "vae bf16 zip/vae") == 1);
  }
  SECTION("a tensor that the file has not") {
    CHECK(failing_after("single", [&](const SecondSet& golden) {
            change_json(golden.path("single/vae.json"),
                        [](Json& map) { map["tensors"].erase("decoder.conv_in.bias"); });
          }).count(single + "vae f16 legacy/vae") == 1);
  }
  SECTION("an operation that nobody knows") {
    CHECK(failing_after("single", [&](const SecondSet& golden) {
            change_json(golden.path("single/vae.json"),
                        [](Json& map) { map["tensors"]["decoder.conv_in.bias"][0] = "mirror"; });
          }) == Ids{"single/vae/files"});
  }
  SECTION("numbers of a type that are meant otherwise") {
    CHECK(failing_after("single", [&](const SecondSet& golden) {
            add_to_first(golden.path("single/dtypes.safetensors"), "values/f8_e4m3", 1);
          }) == Ids{"single/values/f8_e4m3"});
  }
  SECTION("a checkpoint that holds something else, or is not refused") {
    CHECK(failing_after("single", [&](const SecondSet& golden) {
            add_to_first(golden.path("single/ckpt/odd_expected.safetensors"), "strided", 1);
            fs::copy_file(golden.path("single/ckpt/bare_zip.pt"), golden.path("single/ckpt/evil_zip.ckpt"),
                          fs::copy_options::overwrite_existing);
          }) == Ids{single + "ckpt/odd_zip.pt", single + "ckpt/odd_legacy.pt", single + "ckpt/evil_zip.ckpt"});
  }
  SECTION("a checkpoint of which nothing is said is skipped, and that is no pass") {
    const SecondSet golden({"single"});
    fs::remove(golden.path("single/ckpt/odd_expected.safetensors"));
    const Report report = golden.check();
    CHECK_FALSE(report.good());
    CHECK(with_status(report, CaseStatus::skipped).count(single + "ckpt/odd_zip.pt") == 1);
  }
}

TEST_CASE("containers of tensors come out as Python writes them, byte for byte") {
  // sums of `make_single.py vae OUT --format zip|legacy` (second set of goldens), CPython 3.11
  const SecondSet golden({"single"});
  Golden folder(golden.path(""));
  const SingleFileMap map(folder, GoldenTable(folder, "single/vae"));
  CHECK(sha256_of(torch_bytes(map.tensors(DType::f16), true)) ==
        "1f99c5c4279cc01edabfc4b74a378de9ae4f22df83df7b912af6d2164a5263a4");
  CHECK(sha256_of(torch_bytes(map.tensors(DType::f16), false)) ==
        "7a7d147b616d5c580e890801ed0bd7de6f39876fa62eb2526b612324c0561a54");
  CHECK(error_of([&] { torch_bytes(map.tensors(DType::f8_e4m3), true); }).code() == ErrorCode::unsupported);
}

TEST_CASE("eight bits: the nearest value, of two as near the even one, and never beyond the largest") {
  const auto round = [](std::vector<float> values, DType dtype) {
    return rounded(at::tensor(values).to(at::kHalf), dtype).values;
  };
  CHECK(round({17, 19, -17, 0.0009765625F, 460, -6000}, DType::f8_e4m3)
            .equal(at::tensor({16.0F, 20.0F, -16.0F, 0.0F, 448.0F, -448.0F})));
  CHECK(round({4.5F, 5.5F, 60000, -1e-6F}, DType::f8_e5m2).equal(at::tensor({4.0F, 6.0F, 57344.0F, -0.0F})));
  CHECK(error_of([&] { round({1}, DType::i64); }).code() == ErrorCode::unsupported);
}

TEST_CASE("one number of the second set that is wrong fails the run that it belongs to") {
  const std::string run = "images/distilled/images/lcm_6";
  for (const auto& [tensor, change] : std::vector<std::pair<std::string, double>>{
           {"lcm_6/latents", 0.1}, {"lcm_6/unet0/out", 1e-3}, {"lcm_4/noise3", 1e-6}, {"context/0", 1e-3}}) {
    INFO(tensor);
    CHECK(failing_after("distilled", [&](const SecondSet& golden) {
            add_to_first(golden.path("distilled/images.safetensors"), tensor, change);
          }).count(run) == 1);
  }
  for (const char* number : {"draws", "unet_timesteps", "mean"}) {
    INFO(number);
    CHECK(failing_after("distilled", [&](const SecondSet& golden) {
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

TEST_CASE("where a run from a picture begins is compared: its picture, its first latents") {
  const std::string run = "images/distilled/images/lcm_img2img_0.5";
  CHECK(failing_after("distilled", [&](const SecondSet& golden) {
          add_to_first(golden.path("distilled/images.safetensors"), "lcm_img2img_0.5/start", 0.01);
        }).count(run) == 1);
  CHECK(failing_after("distilled", [&](const SecondSet& golden) {
          add_to_first(golden.path("inputs/pictures.safetensors"), "image", 120);
        }) == std::set<std::string>{run});
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
