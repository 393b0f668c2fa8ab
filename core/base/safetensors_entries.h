#pragma once
// The JSON of a safetensors header as a list of what it says, read in one go: its time grows with its length alone.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alice {

struct SafetensorsEntry {
  std::string dtype;  ///< as the file spells it
  std::vector<uint64_t> shape;
  std::vector<uint64_t> data_offsets;  ///< two
};

struct SafetensorsEntries {
  std::map<std::string, SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;  ///< __metadata__
};

/// Reads and checks: an object of tensors, each an object with the members dtype (a text), shape (at most 64 whole
/// numbers) and data_offsets (two), and of __metadata__, an object of texts; no name twice in an object, no zero byte,
/// no deeper than the format, at most 100,000 tensors and 500,000 names in all. Further members of a tensor are passed
/// over, as the reference reader does. Throws Error(bad_weights) at `place` naming the tensor. Any thread.
SafetensorsEntries read_safetensors_entries(std::string_view json, const std::string& place);

}  // namespace alice
