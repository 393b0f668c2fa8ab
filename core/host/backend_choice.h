#pragma once
// Which backend computes a model, and why: the one that the configuration names, else the quickest that this machine
// can run.

#include <memory>
#include <string>

#include "core/api/backend.h"
#include "core/base/host_config.h"
#include "core/host/registry.h"

namespace alice {

/// A backend that is not made yet.
struct BackendChoice {
  std::string name;  ///< a key of HostConfig::backends, else its plugin's id
  const BackendFactory* factory = nullptr;
  OptionLayers options;
  std::string key;     ///< two choices with the same key make the same backend
  std::string why;     ///< for people: what it is, and the reason where nobody named it
  std::string origin;  ///< where it was chosen: a place of the configuration, "built-in" or a model's file

  std::shared_ptr<const Backend> make() const { return factory->create(options); }
};

/// The configured backend `name`. Without a name: the backend whose plugin says that it is the quickest here (Quickness
/// in core/api/quickness.h; several that say the same, or none that says anything: the first), of those that can be
/// made without options. It computes in float32, or in bfloat16 where it can and `losses`, a model's own statement
/// (StoredModel::losses), says that a picture stays as good as the same. `place` is where the name was said. Throws
/// Error(bad_config) for a name that nobody bears, Error(not_found) when no plugin brings a backend, and what the last
/// factory threw when none can be made. Makes backends to ask them. Any thread.
BackendChoice choose_backend(const Registry& registry, const HostConfig& config, const std::string& name,
                             const std::string& place, const Json& losses = nullptr);

/// Has `config` compute with the core's plain kernels, the reference of all others, unless it names a backend: for
/// checks, whose verdict must not depend on the machine. Without a plain backend it stays as it is.
void prefer_plain_backend(const Registry& registry, HostConfig& config);

}  // namespace alice
