#pragma once
// The head of a GGUF file (ggml-org/ggml, docs/gguf.md, versions 2 and 3), checked in full before anything of it is
// believed.

#include <map>
#include <string>
#include <string_view>

#include "core/io/gguf_types.h"

namespace alice {

struct GgufHeader {
  TensorIndex index;                             ///< shapes in our order (the file has the innermost side first)
  std::map<std::string, const GgufType*> types;  ///< of each tensor; null where it is not known
};

/// Reads the head of `file`, at most 64 MiB of it, in time that grows with the head's length. What the file says of
/// itself becomes index.metadata: numbers and texts as texts of at most 1,000 bytes, lists as "[3 values]". A tensor
/// that was folded into rows of blocks has the shape that "comfy.gguf.orig_shape.NAME" gives (city96's ComfyUI-GGUF).
/// Checked: lengths and counts against the file; at most 100,000 tensors and as many facts, four sides, 2^62 elements;
/// that rows are whole blocks; that offsets are aligned, and the tensors lie in the file and overlap nowhere (those of
/// unknown types begin in it). Throws Error(bad_weights), or Error(unsupported) for other versions and byte orders, at
/// `place` naming the tensor. Any thread.
GgufHeader read_gguf_header(std::string_view file, const std::string& place);

}  // namespace alice
