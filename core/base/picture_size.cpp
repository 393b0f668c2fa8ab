#include "core/base/picture_size.h"

#include <algorithm>
#include <cmath>

namespace alice {
namespace {

constexpr int64_t kNativeAreas = 4;
constexpr int64_t kLeastLimit = int64_t{256} * 256;

PictureSize usual_size(const HostConfig& config, const ModelConfig& model, const PictureSize& native) {
  const auto side = [](const std::optional<int64_t>& of_model, const std::optional<int64_t>& general, int64_t own) {
    return of_model ? *of_model : general.value_or(own);
  };
  return {side(model.defaults.width, config.defaults.width, native.width),
          side(model.defaults.height, config.defaults.height, native.height)};
}

/// 65536 -> "65,536".
std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

int64_t number_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

int64_t rounded_down(double side, int64_t multiple) {
  return std::max(multiple, static_cast<int64_t>(side) / multiple * multiple);
}

}  // namespace

std::string to_text(const PictureSize& size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

SizeRule size_rule(const HostConfig& config, const ModelConfig& model, const PictureSize& native, int64_t multiple) {
  SizeRule rule;
  rule.native = native;
  rule.usual = usual_size(config, model, native);
  rule.multiple = std::max<int64_t>(multiple, 1);
  rule.key = "generation.max_pixels";
  if (model.max_pixels) {
    rule.most_pixels = *model.max_pixels;
    rule.key = "models." + model.id + ".max_pixels";
  } else if (config.max_pixels) {
    rule.most_pixels = *config.max_pixels;
  } else if (native.is_known()) {
    rule.most_pixels = std::max({kNativeAreas * native.pixels(), kLeastLimit, rule.usual.pixels()});
  }
  return rule;
}

void check_pixels(const std::string& model, const PictureSize& asked, const SizeRule& rule, const PlaceOf& place,
                  Faults& faults) {
  if (rule.most_pixels == 0 || asked.pixels() <= rule.most_pixels) return;
  const PictureSize fitting = fit_size(asked, rule);
  faults.add(place(asked.height > asked.width ? "height" : "width"),
             to_text(asked) + " are " + grouped(asked.pixels()) + " pixels; " + model + " may make " +
                 grouped(rule.most_pixels) + ", such as " + to_text(fitting) +
                 (rule.native.is_known() ? ", and was trained for " + to_text(rule.native) : "") +
                 " (the configuration's " + rule.key + " sets the limit)");
}

PictureSize fit_size(const PictureSize& asked, const SizeRule& rule) {
  if (rule.most_pixels == 0 || asked.pixels() <= rule.most_pixels) return asked;
  const double scale = std::sqrt(static_cast<double>(rule.most_pixels) / static_cast<double>(asked.pixels()));
  PictureSize fitted = {rounded_down(static_cast<double>(asked.width) * scale, rule.multiple),
                        rounded_down(static_cast<double>(asked.height) * scale, rule.multiple)};
  // A side that was raised to one multiple takes from the other.
  const int64_t widest = rule.most_pixels / fitted.height, highest = rule.most_pixels / fitted.width;
  if (fitted.pixels() > rule.most_pixels && fitted.width > fitted.height)
    fitted.width = rounded_down(static_cast<double>(widest), rule.multiple);
  else if (fitted.pixels() > rule.most_pixels)
    fitted.height = rounded_down(static_cast<double>(highest), rule.multiple);
  return fitted;
}

Json write_size_rule(const SizeRule& rule) {
  Json json = {{"max_pixels_key", rule.key}};
  if (rule.most_pixels > 0) json["max_pixels"] = rule.most_pixels;
  return json;
}

SizeRule read_size_rule(const Json& model) {
  SizeRule rule;
  rule.native = {number_in(model, "native_width"), number_in(model, "native_height")};
  const auto defaults = model.find("defaults");
  if (defaults != model.end() && defaults->is_object())
    rule.usual = {number_in(*defaults, "width"), number_in(*defaults, "height")};
  rule.multiple = std::max<int64_t>(number_in(model, "size_multiple"), 1);
  rule.most_pixels = number_in(model, "max_pixels");
  rule.key = model.value("max_pixels_key", "");
  return rule;
}

}  // namespace alice
