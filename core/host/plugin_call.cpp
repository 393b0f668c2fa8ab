#include "core/host/plugin_call.h"

namespace alice {
namespace {

std::string in_words(at::IntArrayRef shape) {
  std::string text;
  for (const int64_t side : shape) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

}  // namespace

bool is_refusal(ErrorCode code) {
  return code == ErrorCode::bad_request || code == ErrorCode::bad_config || code == ErrorCode::not_found;
}

Tensor with_shape(Tensor result, at::IntArrayRef shape, const std::string& who) {
  if (!result.defined()) throw PluginFault(who, "returned no tensor");
  if (result.sizes() != shape)
    throw PluginFault(who, "returned a tensor of shape " + in_words(result.sizes()) + ", " + in_words(shape) +
                               " is needed");
  return result;
}

Tensor all_finite(Tensor result, const std::string& who) {
  if (!at::isfinite(result).all().item<bool>()) throw PluginFault(who, "returned numbers that are not finite");
  return result;
}

}  // namespace alice
