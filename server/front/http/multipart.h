#pragma once
// multipart/form-data (RFC 7578): what `curl -F` and browsers' forms send.

#include <string>
#include <string_view>
#include <vector>

namespace alice {

struct FormPart {
  std::string name;
  std::string file_name;  ///< "" for a field that is no file
  std::string_view bytes;  ///< within the body
};

inline constexpr size_t kMostFormParts = 300;

/// Whether the header Content-Type says so.
bool is_multipart(std::string_view content_type);

/// The parts in their order. `body` must outlive them. Throws ApiError 400 for a missing boundary, a body that is not
/// whole, parts without a name, and more than kMostFormParts.
std::vector<FormPart> read_multipart(std::string_view body, std::string_view content_type);

}  // namespace alice
