#pragma once
// What a worker says of itself: models, LoRAs, plugins, defaults (see Described in server/link/message.h).

#include <string>

#include "core/host/composer.h"
#include "core/host/model_hashes.h"

namespace alice {

/// The backend that models run on which name none, in words for people: "cpu, 2 threads, float32". Never throws: why
/// there is none, is said in its place.
std::string backend_in_words(Composer& composer);

/// Reads the headers of every model there is. Any thread, also while another composes. `before_look`: as for
/// Composer::models(), and once more with two empty strings, after the last model.
/// A model's "sha256" is told where `hashes` knows it; what it does not, it reads from now on.
Json describe_worker(const Composer& composer, const std::string& backend,
                     const BlueprintCache::BeforeLook& before_look, ModelHashes& hashes);

}  // namespace alice
