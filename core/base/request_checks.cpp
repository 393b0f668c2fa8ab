#include "core/base/request_checks.h"

namespace alice {
namespace {

void check_side(const char* place, std::optional<int64_t> side, int64_t multiple, Faults& faults) {
  if (!side.has_value() || multiple == 0 || (*side > 0 && *side % multiple == 0)) return;
  const int64_t below = *side / multiple * multiple;
  faults.add(place, "must be a multiple of " + std::to_string(multiple) + " for this model, got " +
                        std::to_string(*side) + " (near: " + (below > 0 ? std::to_string(below) + " or " : "") +
                        std::to_string(below + multiple) + ")");
}

}  // namespace

void check_request(const GenerateRequest& request, const RequestLimits& limits, Faults& faults) {
  check_side("/width", request.width, limits.size_multiple, faults);
  check_side("/height", request.height, limits.size_multiple, faults);
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
