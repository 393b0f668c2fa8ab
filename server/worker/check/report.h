#pragma once
// What checks found: one line a case, as text or JSON, and the exit code that follows.

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace alice {

enum class CaseStatus { passed, failed, skipped };

struct CaseResult {
  std::string part;  ///< "unet", "schedulers", ...
  std::string id;
  CaseStatus status = CaseStatus::passed;
  std::optional<double> error;  ///< the largest difference (see the part's tolerance for its kind)
  std::optional<double> tolerance;
  std::string sentence;  ///< why it failed or was skipped; "" for a pass
  bool in_scope = true;  ///< a skip inside the scope is a failure of the whole
};

class Report {
 public:
  void add(CaseResult result);
  void pass(std::string part, std::string id);
  void fail(std::string part, std::string id, std::string sentence);
  void skip(std::string part, std::string id, std::string sentence, bool in_scope);

  const std::vector<CaseResult>& results() const { return results_; }
  /// Something ran, nothing failed, nothing inside the scope was skipped.
  bool good() const;
  /// {"good", "passed", "failed", "skipped", "cases": [{"part","id","status","error","tolerance","sentence"}]}
  Json to_json() const;
  /// For people: a line for each failure and skip, and a summary a part.
  std::string to_text() const;

 private:
  std::vector<CaseResult> results_;
};

const char* to_string(CaseStatus status);

}  // namespace alice
