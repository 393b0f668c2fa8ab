#include "server/front/http/doors/a1111/info.h"

#include <spdlog/fmt/chrono.h>

#include <algorithm>

#include "core/base/infotext.h"
#include "core/base/regular_file.h"
#include "core/base/request_fields.h"
#include "server/front/http/doors/a1111/png_text.h"
#include "server/front/http/doors/a1111/sampler_names.h"

namespace alice::a1111 {
namespace {

constexpr size_t kShortHash = 10;

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// As the picture's own file has it; of a picture that bears none, what it would be.
std::string infotext_of(const PictureFile& picture, Recipe recipe, const std::filesystem::path& folder) {
  constexpr uint64_t kBeginning = 1u << 20;  // texts stand before the pixels
  try {
    const RegularFile file(folder / picture.file);
    const std::string bytes = file.read(0, static_cast<size_t>(std::min(kBeginning, file.size())));
    if (std::string text = read_png_texts(bytes).text(kSettingsKeyword); !text.empty()) return text;
  } catch (const Error&) {  // it is gone: sending it says so
  }
  recipe.request.n = 1;
  recipe.request.seed = picture.seed;
  return write_infotext(recipe);
}

std::string without_schedule(const std::string& sampler, const std::string& schedule) {
  const bool has_it = !schedule.empty() && sampler.size() > schedule.size() + 1 &&
                      sampler.compare(sampler.size() - schedule.size(), schedule.size(), schedule) == 0;
  return has_it ? sampler.substr(0, sampler.size() - schedule.size() - 1) : sampler;
}

/// 20261201063000, UTC.
std::string timestamp(int64_t ms) {
  constexpr int64_t kMilliseconds = 1000;
  return fmt::format("{:%Y%m%d%H%M%S}", fmt::gmtime(static_cast<std::time_t>(ms / kMilliseconds)));
}

}  // namespace

Json info_of(const Job& job, const AskedPictures& asked, const std::vector<std::string>& warnings,
             const std::filesystem::path& folder) {
  const Recipe recipe = read_recipe(job.settings, "");
  const GenerateRequest& request = recipe.request;
  const std::string& prompt = job.request.generate.prompt;  // with the LoRAs' tags, as it was asked
  const std::string negative = request.negative_prompt.value_or("");
  Json seeds = Json::array(), infotexts = Json::array();
  for (const PictureFile& picture : job.pictures) {
    seeds.push_back(picture.seed);
    infotexts.push_back(infotext_of(picture, recipe, folder));
  }
  const size_t count = job.pictures.size();
  const PictureFile& first = job.pictures.at(0);
  const auto vae = recipe.parts.find("vae");
  const PartRecipe own = vae == recipe.parts.end() ? PartRecipe() : vae->second;
  Json further = Json::object();
  const std::string schedule =
      is_spacing(recipe.schedule_type, request.scheduler_options) ? recipe.schedule_type : "";
  if (!schedule.empty()) further["Schedule type"] = schedule;
  return {{"prompt", prompt},
          {"all_prompts", std::vector<std::string>(count, prompt)},
          {"negative_prompt", negative},
          {"all_negative_prompts", std::vector<std::string>(count, negative)},
          {"seed", first.seed},
          {"all_seeds", seeds},
          {"subseed", first.seed},
          {"all_subseeds", seeds},
          {"subseed_strength", 0},
          {"width", first.width},
          {"height", first.height},
          {"sampler_name", without_schedule(recipe.sampler.empty() ? request.scheduler : recipe.sampler, schedule)},
          {"cfg_scale", request.guidance_scale ? Json(*request.guidance_scale) : Json()},
          {"steps", request.steps ? Json(*request.steps) : Json()},
          {"batch_size", asked.batch_size},
          {"restore_faces", false},
          {"face_restoration_model", nullptr},
          {"sd_model_name", request.model.substr(request.model.find('/') + 1)},
          {"sd_model_hash", or_null(recipe.model_sha256.substr(0, kShortHash))},
          {"sd_vae_name", or_null(own.source)},
          {"sd_vae_hash", or_null(own.sha256.substr(0, kShortHash))},
          {"seed_resize_from_w", -1},
          {"seed_resize_from_h", -1},
          {"denoising_strength", request.strength ? Json(*request.strength) : Json()},
          {"extra_generation_params", further},
          {"index_of_first_image", 0},  // no grid stands before the pictures
          {"infotexts", infotexts},
          {"styles", Json::array()},
          {"job_timestamp", timestamp(job.created_ms)},
          {"clip_skip", request.clip_skip.value_or(0) + request_field("clip_skip").infotext_from},
          {"is_using_inpainting_conditioning", false},
          {"version", "ALICE " ALICE_VERSION},
          {"job", job.id},
          {"warnings", warnings}};
}

}  // namespace alice::a1111
