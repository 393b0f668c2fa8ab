#pragma once
// How a model will be composed, found out from headers and configuration alone: nothing is loaded. What `check model`,
// `config explain` and the list of models show, and what the composer builds from.

#include <string>
#include <vector>

#include "core/base/picture_size.h"
#include "core/host/backend_choice.h"
#include "core/host/chosen_parts.h"
#include "core/host/family_choice.h"
#include "core/host/scheduler_choice.h"
#include "core/io/model_files.h"

namespace alice {

/// One line of `config explain`.
struct Explained {
  std::string what, value, origin;
};

struct Blueprint {
  ModelConfig config;
  std::string note;  ///< what the model's users must know; "" when there is nothing
  std::vector<std::string> examples;  ///< prompts that it was made for
  BackendChoice backend;
  std::vector<std::string> own_weights;  ///< the weights files of the model's own parts, those that are replaced too
  ModelContents contents;            ///< for its family
  FamilyChoice family;
  ChosenParts parts;
  SchedulerSource scheduler;
  Json facts = Json::object();  ///< model_facts(); filled by the composer
  SizeRule size;  ///< without a native size when its plugins do not tell it in their facts
  std::vector<Explained> explanation;
  /// Everything that stands in the way: missing and misshapen tensors, parts that cannot be composed.
  std::vector<Fault> faults;
  /// What does not, and people should know: tensors that are not used, a VAE of other latents. Those of the model's own
  /// scheduler are in scheduler.warnings.
  std::vector<Fault> warnings;
};

std::vector<Fault> all_warnings(const Blueprint& blueprint);

/// Throws Error when the files cannot be read at all, when the model is of no known family or a part of no known
/// architecture, or for a fault of the
/// configuration; what is wrong with the tensors is in `faults`.
Blueprint make_blueprint(const Registry& registry, const HostConfig& config, const ModelConfig& model);

/// Kind, layout, facts of every part, dtypes, tensors: for `check model`.
Json describe_blueprint(const Blueprint& blueprint);

}  // namespace alice
