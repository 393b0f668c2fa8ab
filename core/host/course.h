#pragma once
// What a network is told while one batch is made: it changes from call to call where a prompt does.

#include <vector>

#include "core/api/unet.h"

namespace alice {

/// One for each row of guidance, in the order of guide(); of B rows each. Their tokens may differ in length.
using TextRows = std::vector<Conditioning>;

struct Course {
  /// Of calls up to and including `end`, counted from 0: which of `told` counts.
  struct Stretch {
    size_t end, told;
  };

  Course() = default;
  /// One that never changes.
  Course(TextRows rows) : told({std::move(rows)}) {}  // NOLINT: the usual one

  std::vector<TextRows> told;
  std::vector<Stretch> stretches;  ///< by their ends, rising; after the last one it goes on. Empty: the first alone

  /// Which counts at call `call`, counted from 0: of the first stretch that ends there or later, as A1111 looks it up
  /// (reconstruct_cond_batch in modules/prompt_parser.py). So the first lasts a call longer than its number says.
  size_t at(size_t call) const {
    for (const Stretch& stretch : stretches)
      if (stretch.end >= call) return stretch.told;
    return stretches.empty() ? 0 : stretches.back().told;
  }
};

/// All rows below one another. Where their tokens differ in length each is repeated to the least common multiple, as
/// ComfyUI does (CONDCrossAttn in comfy/conds.py): attention over keys that all stand there k times is what it is over
/// them once, so this is what a network that is asked apart for each row answers, as A1111 does.
Conditioning stacked(const TextRows& rows);

}  // namespace alice
