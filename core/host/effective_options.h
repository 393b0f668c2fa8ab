#pragma once
// What layers of options come to, as far as it has to be said to have it again.

#include <string>
#include <vector>

#include "core/api/factory.h"

namespace alice {

/// The values that `layers` give to the options of `specs`, of those that differ from the option's default, or from
/// what a model's own files (a layer that passes over unknown keys) say. Handed in as the last layer over the same
/// files, they give the same options again. The layers' values must have been checked. Any thread.
Json effective_options(const std::vector<OptionSpec>& specs, const OptionLayers& layers);

/// Adds a fault for each value in `layers` that no option of `specs` bears (but where such are passed over) or that
/// does not fit: what create() would say, without it.
void check_options(const std::vector<OptionSpec>& specs, const OptionLayers& layers, Faults& faults);

/// A factory's name for people, as other programs write it. Candidates are the id, in the letters in which its help
/// begins ("Some_Sampler: what it does"), and the aliases with a capital letter in them; of those whose options are all
/// among `options` the one that has most of them, and of several such the last.
struct DisplayName {
  std::string name;               ///< "Some Sampler Karras"; the id where there is no candidate
  std::string schedule;  ///< how it spreads noise levels, more than another candidate: "Karras"; "" for nothing
  Json options = Json::object();  ///< what the name stands for
};
DisplayName display_name(const FactoryInfo& info, const Json& options);

}  // namespace alice
