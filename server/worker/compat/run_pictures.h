#pragma once
// The pictures that a reference pipeline was given, in our terms.

#include <set>
#include <string>

#include "core/host/input_pictures.h"
#include "core/host/make/pictures.h"
#include "server/worker/compat/compat.h"

namespace alice {

struct RunPictures {
  InputPictures inputs;
  /// The picture as Pixels has it, where it lies between the levels, as no file can; else undefined.
  Tensor exact;
  Tensor latents;  ///< [1, C, h, w]: what another run ended with, in place of a picture; else undefined

  /// What the road takes, with the exact picture in place of the rounded one.
  Pixels read(const Settings& settings) const;
};

/// What a run's arguments name: those of the case, else those that its id implies. Argument -> tensor.
std::map<std::string, std::string> inputs_of(const CompatRun& run, const Json& one);
/// Those of inputs/pictures.safetensors (U8), else of the run's own table; "1-NAME" is the
/// inverse. Throws Skip for arguments that are no pictures of ours, nor among `others`.
RunPictures pictures_of(CompatRun& run, const GoldenTable& table, const Json& one, const std::set<std::string>& others);

}  // namespace alice
