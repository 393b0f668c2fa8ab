#pragma once
// What a tensor file holds, known from its header alone: names, dtypes, shapes, byte ranges. No tensor library is
// needed.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice {

/// f8_e4m3 and f8_e5m2: Micikevicius et al. 2022, "FP8 Formats for Deep Learning". `other`: one whose values this
/// version does not know; that matters only where such a tensor is used.
enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean, f8_e4m3, f8_e5m2, other };
/// safetensors' spelling: "F32", "BF16", "BOOL", ...; "another" for `other`.
const char* to_string(DType dtype);
/// False when `name` is none of the above.
bool dtype_from_string(const std::string& name, DType& out);
size_t size_of(DType dtype);      ///< bytes an element; 0 for `other`
bool is_floating(DType dtype);  ///< has values with a point

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< bytes from the start of the file, within the file
  size_t file = 0;              ///< index into TensorIndex::files
  std::string other_dtype;      ///< how the file spells what is no DType, or is read as another ("Q8_0"); "" else

  int64_t elements() const;
  std::string dtype_text() const;  ///< "F32", "U32", "Q8_0", ...: as the file spells it
};

/// "[320, 4, 3, 3]".
std::string shape_text(const std::vector<int64_t>& shape);

/// The tensors of one file, or of the shards of one model part. Immutable once built: may be read from any thread.
struct TensorIndex {
  std::string place;               ///< the file or folder, for messages
  std::vector<std::string> files;  ///< absolute or as given
  std::map<std::string, TensorInfo> tensors;
  std::map<std::string, std::string> metadata;  ///< safetensors' __metadata__

  const TensorInfo* find(const std::string& name) const;
  bool contains(const std::string& name) const { return find(name) != nullptr; }
};

}  // namespace alice
