#pragma once
// What a comparison draws: a picture for each combination of the values that were listed, and the reference.

#include <optional>
#include <string>
#include <vector>

#include "server/cli/command_line.h"

namespace alice {

struct Combination {
  std::vector<std::string> labels;  ///< its value of each axis, in their order: "ddim", "8 steps"; what else is its own
  GenerateRequest request;
  size_t backend = 0;  ///< of backends_to_compare()
};

struct Comparison {
  /// Row by row of the sheet; then the reference, where it is none of these.
  std::vector<Combination> pictures;
  size_t rows = 1, columns = 1;    ///< the last axis makes the columns, all others together the rows
  std::optional<size_t> reference;  ///< one of `pictures`

  size_t listed() const { return rows * columns; }
  bool is_reference_apart() const { return pictures.size() > listed(); }
  /// Of a picture, or of the reference: "ddim, 8 steps".
  std::string words_of(size_t picture) const;
};

/// Names of backends; {""} for the one that the configuration settles on.
std::vector<std::string> backends_to_compare(const CommandLine& line);

/// A number as short as people write it, or a text: "7.5", "ddim".
std::string in_words(const Json& value);

/// Of `compare`.
Comparison comparison_of(const CommandLine& line);

}  // namespace alice
