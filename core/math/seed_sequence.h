#pragma once
// Numpy's SeedSequence (O'Neill 2015, "Developing a seed_seq Alternative"; numpy/random/bit_generator.pyx): seeds that
// are independent of each other, from one number and a path.

#include <cstdint>
#include <vector>

namespace alice {

/// The first `count` words of SeedSequence(entropy, spawn_key, pool_size). Any thread.
std::vector<uint32_t> seed_sequence(uint64_t entropy, const std::vector<uint64_t>& spawn_key, size_t pool_size,
                                    size_t count);

}  // namespace alice
