#include "core/base/request_checks.h"

#include "core/base/number_pair.h"
#include "core/base/request_fields.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

void check_side(const char* place, std::optional<int64_t> side, int64_t multiple, Faults& faults) {
  if (!side.has_value() || multiple == 0 || (*side > 0 && *side % multiple == 0)) return;
  const int64_t below = *side / multiple * multiple;
  faults.add(place, "must be a multiple of " + std::to_string(multiple) + " for this model, got " +
                        std::to_string(*side) + " (near: " + (below > 0 ? std::to_string(below) + " or " : "") +
                        std::to_string(below + multiple) + ")");
}

void check_pair(const char* place, const std::optional<std::string>& text, char between, const char* form,
                Faults& faults) {
  if (text && !read_pair(*text, between))
    faults.add(place, std::string("must be ") + form + ", got '" + brief(*text) + "'");
}

void check_imagined(const GenerateRequest& request, Faults& faults) {
  constexpr const char *kSize = "WIDTHxHEIGHT, such as 1024x768", *kPlace = "LEFT,TOP, such as 0,128";
  check_pair("/original_size", request.original_size, 'x', kSize, faults);
  check_pair("/target_size", request.target_size, 'x', kSize, faults);
  check_pair("/crop", request.crop, ',', kPlace, faults);
  check_pair("/negative_original_size", request.negative_original_size, 'x', kSize, faults);
  check_pair("/negative_target_size", request.negative_target_size, 'x', kSize, faults);
  check_pair("/negative_crop", request.negative_crop, ',', kPlace, faults);
}

/// What is made from a picture.
void check_picture(const GenerateRequest& request, const RequestLimits& limits, Faults& faults) {
  if (!request.image) {
    if (request.mask)
      faults.add("/mask", "needs an image: it says which of its parts are made anew");
    else if (limits.needs_picture)
      faults.add("/image", limits.needs_mask ? "is missing: this model makes parts of a picture anew"
                                             : "is missing: this model changes a picture as the prompt says");
    return;
  }
  if (limits.needs_mask && !has_mask(request))
    faults.add("/mask", "is missing: this model makes parts of a picture anew; say which by a mask (white), or extend "
                        "the picture");
  if (request.strength && request.steps && steps_done(*request.steps, *request.strength) < 1)
    faults.add("/strength", "leaves no step to do: of " + std::to_string(*request.steps) +
                                " steps, that share is done, rounded down");
}

/// What a field that counts with `what` lacks in `request`; "" where it counts.
std::string missing_for(CountsWith what, const GenerateRequest& request) {
  switch (what) {
    case CountsWith::image: return request.image ? "" : "an image";
    case CountsWith::mask: return has_mask(request) ? "" : request.image ? "a mask" : "an image";
    case CountsWith::refiner: return has_refiner(request) ? "" : "a refiner";
    default: return "";
  }
}

}  // namespace

int64_t steps_done(int64_t steps, double strength) {
  return static_cast<int64_t>(static_cast<double>(steps) * strength);
}

bool has_mask(const GenerateRequest& request) {
  if (!request.image) return false;
  const bool is_extended = request.extend_left.value_or(0) > 0 || request.extend_top.value_or(0) > 0 ||
                           request.extend_right.value_or(0) > 0 || request.extend_bottom.value_or(0) > 0;
  return request.mask || is_extended || request.mask_from == MaskFrom::alpha;
}

bool has_refiner(const GenerateRequest& request) { return !request.refiner.value_or("").empty(); }

void drop_what_does_not_count(GenerateRequest& all, const GenerateRequest& said, std::vector<std::string>& warnings) {
  const Json of_request = generate_options().write(said);
  Json kept = write_generate_request(all);
  for (const RequestField& field : request_fields()) {
    const std::string missing = missing_for(field.counts_with, all);
    if (missing.empty()) continue;
    const Json& value = of_request.at(field.spec.name);
    kept[field.spec.name] = nullptr;
    if (value.is_null() || value == field.built_in) continue;
    warnings.push_back("/" + field.spec.name + ": has no effect without " + missing);
  }
  all = read_generate_request(kept);
}

void check_request(const GenerateRequest& request, const RequestLimits& limits, Faults& faults) {
  check_side("/width", request.width, limits.size_multiple, faults);
  check_side("/height", request.height, limits.size_multiple, faults);
  check_imagined(request, faults);
  if (limits.text_layers > 0 && request.clip_skip.value_or(0) >= limits.text_layers)
    faults.add("/clip_skip", "must be less than the text encoder's " + std::to_string(limits.text_layers) +
                                 " layers, got " + std::to_string(*request.clip_skip));
  check_picture(request, limits, faults);
  const double start = request.guidance_start.value_or(0), end = request.guidance_end.value_or(1);
  if (start < end) return;
  if (end == 1)  // nobody ends it earlier: it is the beginning that is too late
    faults.add("/guidance_start", "must be less than guidance_end; for no guidance at all say guidance_scale: 1");
  else
    faults.add("/guidance_end", "must be greater than guidance_start; for no guidance at all say guidance_scale: 1");
}

}  // namespace alice
