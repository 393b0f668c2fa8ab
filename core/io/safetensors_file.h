#pragma once
// Tensors of a .safetensors file.

#include <filesystem>
#include <memory>
#include <string>

#include "core/api/weights.h"
#include "core/io/mapped_file.h"

namespace alice {

/// Memory-mapped: opening reads the header only, and a tensor's bytes are read from the disk when they are first used.
/// Immutable; any thread. A file that is truncated while it is open ends the process by SIGBUS (see MappedFile).
class SafetensorsFile : public WeightSource {
 public:
  /// Throws as read_safetensors_header() does.
  static std::shared_ptr<const SafetensorsFile> open(const std::filesystem::path& file);
  /// The same of a file that is mapped; `place` names it.
  static std::shared_ptr<const SafetensorsFile> of(std::shared_ptr<const MappedFile> mapping, const std::string& place);

  const TensorIndex& index() const override { return index_; }
  /// See WeightSource, and tensor_of() in core/io/stored_elements.h for when it is a copy. A view is never to be
  /// written to: that ends the process.
  Tensor tensor(const std::string& name) const override;

 private:
  SafetensorsFile(std::shared_ptr<const MappedFile> mapping, const std::string& place);

  const std::shared_ptr<const MappedFile> mapping_;
  const TensorIndex index_;
};

}  // namespace alice
