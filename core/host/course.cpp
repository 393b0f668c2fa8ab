#include "core/host/course.h"

#include <numeric>

namespace alice {
namespace {

constexpr const char* kTokens = "tokens";

int64_t common_length(const TextRows& rows) {
  int64_t length = 1;
  for (const Conditioning& row : rows) {
    const int64_t own = row.at(kTokens).size(1);
    length *= own / std::gcd(length, own);
  }
  return length;
}

}  // namespace

Conditioning stacked(const TextRows& rows) {
  const int64_t length = common_length(rows);
  Conditioning all;
  for (const auto& member : rows.front()) {
    std::vector<Tensor> tensors;
    for (const Conditioning& row : rows) {
      const Tensor& tensor = row.at(member.first);
      const bool is_short = member.first == kTokens && tensor.size(1) < length;
      tensors.push_back(is_short ? tensor.repeat({1, length / tensor.size(1), 1}) : tensor);
    }
    all[member.first] = tensors.size() == 1 ? tensors.front() : at::cat(tensors);
  }
  return all;
}

}  // namespace alice
