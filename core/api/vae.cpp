#include "core/api/vae.h"

namespace alice {

void check_map(const Tensor& map, const char* name, int64_t channels, int64_t multiple) {
  if (map.dim() == 4 && map.size(1) == channels && map.numel() > 0 && map.size(2) % multiple == 0 &&
      map.size(3) % multiple == 0)
    return;
  throw Error(ErrorCode::bad_request, name,
              "have shape " + shape_text(map.sizes().vec()) + ", [B, " + std::to_string(channels) +
                  ", H, W] is needed" + (multiple > 1 ? ", H and W multiples of " + std::to_string(multiple) : ""));
}

}  // namespace alice
