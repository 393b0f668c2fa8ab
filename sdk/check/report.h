#pragma once
// What the checks of one library came to, for people and for machines.

#include <string>
#include <vector>

#include "core/base/json.h"
#include "sdk/check/check.h"

namespace alice::check {

enum class Status { passed, failed, skipped };
const char* to_string(Status status);

/// How a failure was seen: what its author should do depends on it.
enum class How { judged, threw, ended, hung };

struct Result {
  const Check* check = nullptr;  ///< in the catalogue
  Subject subject;
  Status status = Status::passed;
  std::string seen;  ///< what was wrong, why it was skipped, or a note
  double seconds = 0;
  How how = How::judged;  ///< of a failure
};

/// What the author should do about a failure.
std::string cure_of(const Result& result);

struct CheckReport {
  std::string file;
  std::string id, version;  ///< of the plugin; "" when it could not be loaded
  uint64_t seed = 0;
  std::vector<Result> results;
  std::vector<std::string> warnings;  ///< sentences; they fail nothing

  size_t count(Status status) const;
  /// Something passed and nothing failed.
  bool good() const;
};

/// "FAILED  scheduler/plan-falls my_sampler: ...", and for a failure the cure on a line of its own. "" for what was not
/// tried, which the summary counts.
std::string line_of(const Result& result);
/// The last lines: what was not tried and why, warnings, how many, and how to see it again.
std::string summary_of(const CheckReport& report);
/// {"file","id","version","seed","good","passed","failed","skipped",
///  "warnings": [sentence],
///  "checks": [{"check","kind","subject","status","seen","cure","seconds"}]}; "cure" of failures only.
Json to_json(const CheckReport& report);
/// As build servers read it: a <testsuite> with a <testcase> a result.
std::string to_junit(const CheckReport& report);

/// The catalogue: [{"check","kinds","demands","cure","needs"}].
Json catalogue_json();
/// For people.
std::string catalogue_text();

}  // namespace alice::check
