// Published variants that the goldens lack, small and random, against diffusers' own pipelines
// (tools/goldens/families.py).

#include "tests/host/golden_folders.h"
#include "tests/host/models.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;
namespace fs = std::filesystem;

namespace {

const fs::path kFamilies = fs::path(ALICE_TEST_DATA) / "families";

constexpr const char* kRuns[] = {"sd2_inpaint_v",
                                 "sd2_inpaint_v_0.7",
                                 "sd2_inpaint_epsilon",
                                 "sd2_inpaint_epsilon_wide",
                                 "sdxl_inpaint",
                                 "sdxl_inpaint_1.0",
                                 "sdxl_inpaint_0.5_wide",
                                 "ssd1b",
                                 "ssd1b_img2img",
                                 "vega",
                                 "vega_batch2",
                                 "bk_base",
                                 "bk_base_img2img",
                                 "bk_small",
                                 "bk_tiny",
                                 "bk_tiny_inpaint",
                                 "scaled_fp8"};

/// The models, their pictures, and `parts` of what is said of them.
class Families : public GoldenFolder {
 public:
  explicit Families(const std::vector<std::string>& parts) {
    fs::copy(kFamilies / "models", path("models"), fs::copy_options::recursive);
    add_shared_parts(path("models"));
    fs::create_directory_symlink(fs::path(ALICE_TEST_DATA) / "goldens2/inputs", path("inputs"));
    for (const std::string& part : parts) fs::copy(kFamilies / part, path(part), fs::copy_options::recursive);
  }
};

}  // namespace

TEST_CASE(
    "networks of nine channels, SSD-1B, Vega, BK-SDM and scaled eight bits make the reference's latents and pictures") {
  const Report report = Families({"families", "single"}).check();
  INFO(report.to_text());
  CHECK(failures(report) == "");
  CHECK(report.good());
  const std::set<std::string> passed = with_status(report, CaseStatus::passed);
  for (const std::string run : kRuns) {
    CAPTURE(run);
    CHECK(passed.count("images/families/images/" + run) == 1);
    CHECK(passed.count("unet/families/images/" + run + " first call") == 1);
  }
  // from a single file in the names of the published ones, the same
  for (const std::string run : {"ssd1b", "vega", "bk_base", "bk_small", "bk_tiny"}) {
    const std::string file = "single/single/" + run + " f16 safetensors/";
    CAPTURE(run);
    CHECK(passed.count(file + "families/images/" + run) == 1);
    for (const char* part : {"unet", "vae", "text_encoder"}) CHECK(passed.count(file + part) == 1);
  }
}

TEST_CASE("each of these runs can fail") {
  const Families families({"families"});
  std::vector<std::string> latents;
  std::set<std::string> all;
  for (const std::string run : kRuns) latents.push_back(run + "/latents"), all.insert("images/families/images/" + run);
  add_to_first(families.path("families/images.safetensors"), latents, 0.5);
  CHECK(with_status(families.check(), CaseStatus::failed) == all);
}
