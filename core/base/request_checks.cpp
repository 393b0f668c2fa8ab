#include "core/base/request_checks.h"

#include "core/base/number_pair.h"
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

}  // namespace

void check_request(const GenerateRequest& request, const RequestLimits& limits, Faults& faults) {
  check_side("/width", request.width, limits.size_multiple, faults);
  check_side("/height", request.height, limits.size_multiple, faults);
  check_imagined(request, faults);
  if (limits.text_layers > 0 && request.clip_skip.value_or(0) >= limits.text_layers)
    faults.add("/clip_skip", "must be less than the text encoder's " + std::to_string(limits.text_layers) +
                                 " layers, got " + std::to_string(*request.clip_skip));
  const double start = request.guidance_start.value_or(0), end = request.guidance_end.value_or(1);
  if (start < end) return;
  if (end == 1)  // nobody ends it earlier: it is the beginning that is too late
    faults.add("/guidance_start", "must be less than guidance_end; for no guidance at all say guidance_scale: 1");
  else
    faults.add("/guidance_end", "must be greater than guidance_start; for no guidance at all say guidance_scale: 1");
}

}  // namespace alice
