#pragma once
// What a network puts out besides its prediction: an option of several classes of the reference.

#include <optional>

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// The fixed kinds put out nothing more.
enum class VarianceType { fixed, learned };

template <class T>
void add_variance_option(OptionTable<T>& table) {
  table.choice("variance_type", &T::variance_type,
               {{"fixed_small", VarianceType::fixed},
                {"fixed_small_log", VarianceType::fixed},
                {"fixed_large", VarianceType::fixed},
                {"fixed_large_log", VarianceType::fixed},
                {"learned", VarianceType::learned},
                {"learned_range", VarianceType::learned}},
               "whether the network also puts out a variance: such networks (learned, learned_range) are refused");
}

inline void check_variance(const std::optional<VarianceType>& type, const PlaceOf& place, Faults& faults) {
  if (type == VarianceType::learned)
    faults.add(place("variance_type"),
               "networks that put out a variance are not supported: must be null or one of the fixed kinds");
}

}  // namespace alice::schedulers
