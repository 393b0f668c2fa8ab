#pragma once
// The two containers that torch.save has had: where its pickle is, and where each storage.

#include <map>
#include <string>
#include <string_view>

#include "core/io/torch_contents.h"
#include "core/io/zip_directory.h"

namespace alice {

struct TorchContainer {
  TorchContents contents;
  std::map<std::string, ZipEntry> storages;  ///< by key: at least those that the tensors lie in
};

/// A zip archive. Throws Error(bad_weights) at `place` when it holds no data.pkl, or two, lacks a storage or has it
/// shorter than the pickle says; Error(unsupported) for numbers in the order of big-endian machines; and as
/// read_zip_directory(), read_pickle() and read_torch_contents() do. Any thread.
TorchContainer read_torch_zip(std::string_view file, const std::string& place);

/// Five pickles (a magic number, a version, facts of the machine, the tensors, the keys of the storages in order), then
/// the storages, each behind its number of elements (torch/serialization.py, _legacy_save). Throws likewise.
TorchContainer read_torch_legacy(std::string_view file, const std::string& place);

}  // namespace alice
