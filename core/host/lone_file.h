#pragma once
// Single files in the models folder that are no models: LoRAs, parts alone, networks that go beside a model.

#include <string>

#include "core/host/registry.h"
#include "core/io/model_files.h"

namespace alice {

/// "is a LoRA: ..." with what to do with it, when a single file holds no whole UNet and is known to be something else:
/// by the plugins, or by names of its tensors; or when no plugin knows any part of it. "" for a model, whole or damaged,
/// and for a folder. Headers only. Never throws; any thread.
std::string what_else_it_is(const Registry& registry, const StoredModel& stored);

}  // namespace alice
