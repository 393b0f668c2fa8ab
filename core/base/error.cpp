#include "core/base/error.h"

#include <utility>

#include "core/base/one_line.h"

namespace alice {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request: return "bad_request";
    case ErrorCode::bad_config: return "bad_config";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::bad_weights: return "bad_weights";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::busy: return "busy";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::internal: return "internal";
    case ErrorCode::storage_full: return "storage_full";
    case ErrorCode::storage_failed: return "storage_failed";
  }
  return "internal";
}

const std::vector<ErrorCode>& all_error_codes() {
  static const std::vector<ErrorCode> codes = [] {
    std::vector<ErrorCode> list;
    for (int code = 0; code <= static_cast<int>(ErrorCode::storage_failed); ++code)
      list.push_back(static_cast<ErrorCode>(code));
    return list;
  }();
  return codes;
}

ErrorCode error_code_from(const std::string& name) {
  for (const ErrorCode code : all_error_codes())
    if (name == to_string(code)) return code;
  return ErrorCode::internal;
}

Error::Error(ErrorCode code, std::string place, std::string sentence)
    : code_(code), place_(on_one_line(place)), sentence_(on_indented_lines(sentence)) {
  what_ = place_.empty() ? sentence_ : place_ + ": " + sentence_;
}

Error::Error(ErrorCode code, const std::vector<Fault>& faults)
    : Error(code, faults.front().place, faults.front().sentence) {
  if (faults.size() == 1) return;
  sentence_ = std::to_string(faults.size()) + " faults:";
  for (const Fault& fault : faults)
    sentence_ += "\n  " + on_one_line((fault.place.empty() ? "" : fault.place + ": ") + fault.sentence);
  what_ = sentence_;
}

Error::~Error() = default;

void Faults::add(std::string place, std::string sentence) { list_.push_back({std::move(place), std::move(sentence)}); }

void Faults::throw_if_any(ErrorCode code) const {
  if (!list_.empty()) throw Error(code, list_);
}

}  // namespace alice
