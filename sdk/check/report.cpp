#include "sdk/check/report.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace alice::check {
namespace {

std::string with_subject(const Result& result) {
  return result.check->name + (result.subject.id.empty() ? "" : " (" + result.subject.id + ")");
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

/// "14 more were not tried: they need scheduler/finite (my_sampler), which did not pass", a line a needed check.
std::string untried_of(const CheckReport& report) {
  std::map<std::string, size_t> counts;
  for (const Result& result : report.results)
    if (result.status == Status::skipped)
      ++counts[result.check->needs + (result.subject.id.empty() ? "" : " (" + result.subject.id + ")")];
  std::string text;
  for (const auto& [needed, count] : counts)
    text += "skipped " + std::to_string(count) + (count == 1 ? " check that needs " : " checks that need ") + needed +
            ", which did not pass\n";
  return text;
}

/// For an attribute or element; what XML 1.0 cannot hold becomes a question mark.
std::string in_xml(const std::string& text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default: out += static_cast<unsigned char>(c) < ' ' && c != '\t' ? '?' : c;
    }
  return out;
}

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::passed: return "passed";
    case Status::failed: return "failed";
    case Status::skipped: return "skipped";
  }
  return "failed";
}

size_t CheckReport::count(Status status) const {
  return static_cast<size_t>(
      std::count_if(results.begin(), results.end(), [&](const Result& result) { return result.status == status; }));
}

bool CheckReport::good() const { return count(Status::passed) > 0 && count(Status::failed) == 0; }

std::string cure_of(const Result& result) {
  switch (result.how) {
    case How::judged: return result.check->cure;
    case How::threw:
      return "Find where it throws: a debugger stops there (gdb, catch throw) when this check runs alone (--only, "
             "--reproduce). What can go wrong in your code is told by throwing alice::Error with a sentence.";
    case How::ended:
      return "Look for an index or a pointer out of range, a recursion without an end, a call of exit() or abort(): a "
             "debugger or the address sanitizer shows the line when this check runs alone (--only, --reproduce).";
    case How::hung:
      return "Look for a loop that does not end, or a lock that nobody gives back; what only takes long is given more "
             "time by --timeout.";
  }
  return result.check->cure;
}

std::string line_of(const Result& result) {
  const std::string about = with_subject(result) + (result.seen.empty() ? "" : ": " + result.seen);
  switch (result.status) {
    case Status::passed: return "passed  " + about + "\n";
    case Status::skipped: return "";
    case Status::failed: return "FAILED  " + about + "\n        What to do: " + cure_of(result) + "\n";
  }
  return about + "\n";
}

std::string summary_of(const CheckReport& report) {
  std::string text = untried_of(report);
  for (const std::string& warning : report.warnings) text += "warning " + warning + "\n";
  text += std::to_string(report.count(Status::passed)) + " passed, " + std::to_string(report.count(Status::failed)) +
          " failed, " + std::to_string(report.count(Status::skipped)) + " skipped\n";
  if (report.results.empty()) text += "nothing ran\n";
  if (report.count(Status::failed) > 0)
    text += "The same numbers again: --reproduce " + std::to_string(report.seed) + "; one check: --only NAME\n";
  return text;
}

Json to_json(const CheckReport& report) {
  Json checks = Json::array();
  for (const Result& result : report.results) {
    Json one = {{"check", result.check->name},        {"kind", result.subject.kind}, {"subject", result.subject.id},
                {"status", to_string(result.status)}, {"seen", result.seen},         {"seconds", result.seconds}};
    if (result.status == Status::failed) one["cure"] = cure_of(result);
    checks.push_back(std::move(one));
  }
  return {{"file", report.file},
          {"id", report.id},
          {"version", report.version},
          {"seed", report.seed},
          {"good", report.good()},
          {"passed", report.count(Status::passed)},
          {"failed", report.count(Status::failed)},
          {"skipped", report.count(Status::skipped)},
          {"warnings", report.warnings},
          {"checks", checks}};
}

std::string to_junit(const CheckReport& report) {
  double seconds = 0;
  for (const Result& result : report.results) seconds += result.seconds;
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" + in_xml(report.file) + "\" tests=\"" +
      std::to_string(report.results.size()) + "\" failures=\"" + std::to_string(report.count(Status::failed)) +
      "\" skipped=\"" + std::to_string(report.count(Status::skipped)) + "\" time=\"" + seconds_text(seconds) + "\">\n" +
      "  <properties><property name=\"seed\" value=\"" + std::to_string(report.seed) + "\"/></properties>\n";
  for (const Result& result : report.results) {
    const std::string subject = result.subject.id.empty() ? "" : "." + result.subject.id;
    out += "  <testcase classname=\"" + in_xml(result.subject.kind + subject) + "\" name=\"" +
           in_xml(result.check->name) + "\" time=\"" + seconds_text(result.seconds) + "\"";
    if (result.status == Status::failed)
      out +=
          "><failure message=\"" + in_xml(result.seen) + "\">" + in_xml(cure_of(result)) + "</failure></testcase>\n";
    else if (result.status == Status::skipped)
      out += "><skipped message=\"" + in_xml(result.seen) + "\"/></testcase>\n";
    else
      out += "/>\n";
  }
  std::string warnings;
  for (const std::string& warning : report.warnings) warnings += warning + "\n";
  if (!warnings.empty()) out += "  <system-err>" + in_xml(warnings) + "</system-err>\n";
  return out + "</testsuite>\n";
}

Json catalogue_json() {
  Json list = Json::array();
  for (const Check& check : catalogue()) {
    Json kinds = Json::array();
    for (const std::string& kind : check.kinds) kinds.push_back(kind);
    list.push_back({{"check", check.name},
                    {"kinds", kinds},
                    {"demands", check.demands},
                    {"cure", check.cure},
                    {"needs", check.needs}});
  }
  return list;
}

std::string catalogue_text() {
  std::string text;
  for (const Check& check : catalogue())
    text += check.name + "\n  " + check.demands + "\n  When it fails: " + check.cure + "\n";
  return text;
}

}  // namespace alice::check
