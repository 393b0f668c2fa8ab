#include "core/io/scalar_types.h"

#include <utility>

namespace alice {
namespace {

constexpr std::pair<DType, at::ScalarType> kPairs[] = {
    {DType::f64, at::kDouble}, {DType::f32, at::kFloat},    {DType::f16, at::kHalf},  {DType::bf16, at::kBFloat16},
    {DType::i64, at::kLong},   {DType::i32, at::kInt},      {DType::i16, at::kShort}, {DType::i8, at::kChar},
    {DType::u8, at::kByte},    {DType::boolean, at::kBool},    {DType::f8_e4m3, at::kHalf}, {DType::f8_e5m2, at::kHalf},
};

}  // namespace

at::ScalarType scalar_type_of(DType dtype) {
  for (const auto& [known, type] : kPairs)
    if (known == dtype) return type;
  throw Error(ErrorCode::internal, to_string(dtype), "is a dtype that no tensor can have here");
}

bool dtype_of(at::ScalarType type, DType& out) {
  for (const auto& [dtype, known] : kPairs)
    if (known == type) return out = dtype, true;
  return false;
}

}  // namespace alice
