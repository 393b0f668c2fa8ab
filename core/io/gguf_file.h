#pragma once
// Tensors of a .gguf file.

#include <memory>
#include <string>

#include "core/api/weights.h"
#include "core/io/gguf_header.h"
#include "core/io/mapped_file.h"

namespace alice {

/// Memory-mapped: opening reads the head only (read_gguf_header()). Numbers in blocks (Q8_0, Q4_K, ...) become float32
/// at each call, the same bits as ggml's gguf-py gives; others are views. Immutable; any thread; files that are
/// truncated meanwhile as with SafetensorsFile.
class GgufFile : public WeightSource {
 public:
  /// `place` names the file. Throws as read_gguf_header() does.
  GgufFile(std::shared_ptr<const MappedFile> mapping, const std::string& place);

  const TensorIndex& index() const override { return header_.index; }
  Tensor tensor(const std::string& name) const override;

 private:
  const std::shared_ptr<const MappedFile> mapping_;
  const GgufHeader header_;
};

}  // namespace alice
