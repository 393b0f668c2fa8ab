#include "core/host/imagined.h"

#include <algorithm>

#include "core/base/number_pair.h"

namespace alice {
namespace {

/// "1024x768", where somebody says it; checked by check_request().
void take_pair(const std::optional<std::string>& text, char between, int64_t& first, int64_t& second) {
  if (!text) return;
  if (const auto pair = read_pair(*text, between)) first = pair->first, second = pair->second;
}

}  // namespace

ImaginedPicture imagined_of(const GenerateRequest& all, int64_t width, int64_t height) {
  ImaginedPicture picture;
  picture.original_width = picture.target_width = width;
  picture.original_height = picture.target_height = height;
  take_pair(all.original_size, 'x', picture.original_width, picture.original_height);
  take_pair(all.crop, ',', picture.crop_left, picture.crop_top);
  take_pair(all.target_size, 'x', picture.target_width, picture.target_height);
  picture.aesthetic_score = all.aesthetic_score;
  return picture;
}

/// The prompt's, but for what is said of the negative one.
ImaginedPicture negative_of(const GenerateRequest& all, ImaginedPicture picture) {
  take_pair(all.negative_original_size, 'x', picture.original_width, picture.original_height);
  take_pair(all.negative_crop, ',', picture.crop_left, picture.crop_top);
  take_pair(all.negative_target_size, 'x', picture.target_width, picture.target_height);
  picture.aesthetic_score = all.negative_aesthetic_score;
  return picture;
}

void warn_of_unheard(const GenerateRequest& request, const std::vector<const Model*>& models,
                     std::vector<std::string>& warnings) {
  const auto any = [&](auto hears) { return std::any_of(models.begin(), models.end(), hears); };
  const auto warn = [&](bool is_said, const char* field, const char* why) {
    if (is_said) warnings.push_back(std::string(field) + ": has no effect: " + why);
  };
  if (!any([](const Model* model) { return model->texts.size() > 1; })) {
    constexpr const char* kOneEncoder = "this model has one text encoder";
    warn(request.prompt_2.has_value(), "/prompt_2", kOneEncoder);
    warn(request.negative_prompt_2.has_value(), "/negative_prompt_2", kOneEncoder);
  }
  if (any([](const Model* model) { return model->unet->info().further_conditioning.count("time_ids") > 0; })) return;
  constexpr const char* kUntold = "this model's network is not told of it";
  warn(request.original_size.has_value(), "/original_size", kUntold);
  warn(request.crop.has_value(), "/crop", kUntold);
  warn(request.target_size.has_value(), "/target_size", kUntold);
  warn(request.negative_original_size.has_value(), "/negative_original_size", kUntold);
  warn(request.negative_crop.has_value(), "/negative_crop", kUntold);
  warn(request.negative_target_size.has_value(), "/negative_target_size", kUntold);
  warn(request.aesthetic_score.has_value(), "/aesthetic_score", kUntold);
  warn(request.negative_aesthetic_score.has_value(), "/negative_aesthetic_score", kUntold);
}

}  // namespace alice
