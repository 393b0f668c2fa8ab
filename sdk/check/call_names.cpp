#include "sdk/check/call_names.h"

namespace alice::check {

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::none: return "no activation";
    case Activation::silu: return "silu";
    case Activation::gelu: return "gelu";
    case Activation::quick_gelu: return "quick_gelu";
    case Activation::relu: return "relu";
    case Activation::geglu: return "geglu";
  }
  return "";
}

std::string part(const char* name, int64_t value) { return std::string(", ") + name + " " + std::to_string(value); }

std::string part_if(bool is_there, const char* name) { return is_there ? std::string(", ") + name : ""; }

}  // namespace alice::check
