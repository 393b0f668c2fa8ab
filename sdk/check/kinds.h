#pragma once
// What the suite must know of each kind of plugin: its interface, and what its objects are made from. A new kind is a
// line here, and its checks are one in check.cpp.

#include <string>
#include <vector>

#include "core/api/backend.h"
#include "core/api/family.h"
#include "core/api/lora.h"
#include "core/api/scheduler.h"
#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "sdk/check/check.h"

namespace alice::check {

template <class... F>
struct Interfaces {};
/// Made from options alone.
using PlainFactories = Interfaces<SchedulerFactory, LoraFormatFactory, BackendFactory>;
/// Made from a model's files (model_samples.h).
using PartFactories = Interfaces<TextEncoderFactory, UNetFactory, VaeFactory>;
/// Made from the parts of a model, without options (family_samples.h).
using JoiningFactories = Interfaces<FamilyFactory>;

template <class... F>
std::vector<std::string> names_of(Interfaces<F...>) {
  return {F::kKind...};
}

/// The kinds whose objects are made with options.
inline std::vector<std::string> kinds_with_options() {
  std::vector<std::string> kinds = names_of(PlainFactories()), parts = names_of(PartFactories());
  kinds.insert(kinds.end(), parts.begin(), parts.end());
  return kinds;
}

/// Calls body(factory) with the case's factory as the F that it is. False, and nothing is called, when it is none.
template <class... F, class Body>
bool with_factory(Interfaces<F...>, const Case& it, const Body& body) {
  return ((it.subject.kind == F::kKind && (body(it.factory<F>()), true)) || ...);
}

}  // namespace alice::check
