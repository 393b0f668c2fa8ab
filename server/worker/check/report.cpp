#include "server/worker/check/report.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "core/base/one_line.h"

namespace alice {
namespace {

struct Count {
  size_t passed = 0, failed = 0, skipped = 0;
  double worst = 0;  // error / tolerance
  double error = 0, tolerance = 0;

  void add(const CaseResult& result) {
    (result.status == CaseStatus::passed ? passed : result.status == CaseStatus::failed ? failed : skipped)++;
    if (!result.error || !result.tolerance || *result.tolerance <= 0) return;
    const double share = *result.error / *result.tolerance;
    if (share >= worst) worst = share, error = *result.error, tolerance = *result.tolerance;
  }
};

std::string number(double value) {
  std::ostringstream out;
  out.precision(3);
  out << value;
  return out.str();
}

}  // namespace

const char* to_string(CaseStatus status) {
  switch (status) {
    case CaseStatus::passed: return "passed";
    case CaseStatus::failed: return "failed";
    case CaseStatus::skipped: return "skipped";
  }
  return "failed";
}

void Report::add(CaseResult result) { results_.push_back(std::move(result)); }

void Report::pass(std::string part, std::string id) {
  CaseResult result;
  result.part = std::move(part), result.id = std::move(id);
  add(std::move(result));
}

void Report::fail(std::string part, std::string id, std::string sentence) {
  CaseResult result;
  result.part = std::move(part), result.id = std::move(id), result.sentence = std::move(sentence);
  result.status = CaseStatus::failed;
  add(std::move(result));
}

void Report::skip(std::string part, std::string id, std::string sentence, bool in_scope) {
  CaseResult result;
  result.part = std::move(part), result.id = std::move(id), result.sentence = std::move(sentence);
  result.status = CaseStatus::skipped;
  result.in_scope = in_scope;
  add(std::move(result));
}

bool Report::good() const {
  bool ran = false;
  for (const CaseResult& result : results_) {
    if (result.status == CaseStatus::failed) return false;
    if (result.status == CaseStatus::skipped && result.in_scope) return false;
    ran = ran || result.status == CaseStatus::passed;
  }
  return ran;
}

Json Report::to_json() const {
  Count all;
  Json cases = Json::array();
  for (const CaseResult& result : results_) {
    all.add(result);
    Json one = {{"part", result.part},
                {"id", result.id},
                {"status", to_string(result.status)},
                {"error", nullptr},
                {"tolerance", nullptr}};
    if (result.error) one["error"] = *result.error;
    if (result.tolerance) one["tolerance"] = *result.tolerance;
    if (!result.sentence.empty()) one["sentence"] = result.sentence;
    if (result.status == CaseStatus::skipped) one["in_scope"] = result.in_scope;
    cases.push_back(std::move(one));
  }
  return {{"good", good()}, {"passed", all.passed}, {"failed", all.failed}, {"skipped", all.skipped}, {"cases", cases}};
}

std::string Report::to_text() const {
  std::ostringstream out;
  std::vector<std::string> order;
  std::map<std::string, Count> parts;
  Count all;
  for (const CaseResult& result : results_) {
    if (!parts.count(result.part)) order.push_back(result.part);
    parts[result.part].add(result);
    all.add(result);
    if (result.status == CaseStatus::passed) continue;
    out << (result.status == CaseStatus::failed ? "FAILED  "
            : result.in_scope                   ? "SKIPPED "
                                                : "skipped ")
        << on_one_line(result.part + "/" + result.id) << ": " << on_indented_lines(result.sentence) << "\n";
  }
  for (const std::string& part : order) {
    const Count& count = parts[part];
    out << part << ": " << count.passed << " passed, " << count.failed << " failed, " << count.skipped << " skipped";
    if (count.tolerance > 0)
      out << "; largest difference " << number(count.error) << " of " << number(count.tolerance) << " allowed";
    out << "\n";
  }
  out << all.passed << " passed, " << all.failed << " failed, " << all.skipped << " skipped\n";
  if (results_.empty()) out << "nothing ran\n";
  return out.str();
}

}  // namespace alice
