#pragma once
// Whose fault it is: the one place where the host calls plugins with what it has judged to be right.

#include <string>

#include "core/api/tensor.h"
#include "core/base/error.h"

namespace alice {

/// A plugin did what it must not. Its place is who did it, for people: "the scheduler ab3", "the UNet"; its sentence is
/// told to clients: it holds no paths, addresses or texts of libraries.
class PluginFault final : public Error {
 public:
  PluginFault(std::string who, std::string sentence)
      : Error(ErrorCode::internal, std::move(who), std::move(sentence)) {}
};

/// What `call` returns. What it refuses (bad_request, bad_config, not_found) it refuses wrongly, for every value of the
/// client and of the configuration was judged before: PluginFault. Other errors pass; so does unsupported, which may
/// be known only in the midst of the work.
template <class Call>
auto call_plugin(const std::string& who, Call&& call) -> decltype(call());

/// `result`, which `who` returned. Throws PluginFault unless it is a tensor of that shape.
Tensor with_shape(Tensor result, at::IntArrayRef shape, const std::string& who);
/// Throws PluginFault when a number of it is not finite.
Tensor all_finite(Tensor result, const std::string& who);

/// Does an error of this code say that somebody asked for what is wrong?
bool is_refusal(ErrorCode code);

template <class Call>
auto call_plugin(const std::string& who, Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const PluginFault&) {
    throw;  // of another plugin, which this one called
  } catch (const Error& e) {
    if (is_refusal(e.code())) throw PluginFault(who, "refused what was right: " + std::string(e.what()));
    throw;
  }
}

}  // namespace alice
