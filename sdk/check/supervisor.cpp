#include "sdk/check/supervisor.h"

#include <map>
#include <memory>

#include "core/base/nearest.h"
#include "sdk/check/child.h"

namespace alice::check {
namespace {

using Clock = std::chrono::steady_clock;

std::string group_of(const Check& check) { return check.name.substr(0, check.name.find('/')); }

bool is_wanted(const Check& check, const std::string& only) {
  return only.empty() || check.name == only || group_of(check) == only;
}

/// FNV-1a, so that a check draws the same numbers whether it runs alone or not, on every machine.
uint64_t seed_of(uint64_t seed, const std::string& check, const std::string& subject) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : std::to_string(seed) + " " + check + " " + subject)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash >> 16;  // room for the seeds of further images
}

class Supervisor {
 public:
  Supervisor(const CheckOrder& order, const std::function<void(const Result&)>& on_result)
      : order_(order), on_result_(on_result) {
    report_.file = order.file.string();
    report_.seed = order.seed;
  }

  CheckReport run() {
    run_all({});
    if (wants_subjects() && !is_past(Status::failed, "entry/enrols") && !is_past(Status::skipped, "entry/enrols"))
      for (const Subject& subject : list_subjects()) run_all(subject);
    if (is_past(Status::passed, "entry/enrols")) report_.warnings = names_taken();
    return std::move(report_);
  }

 private:
  bool wants_subjects() const {
    for (const Check& check : catalogue())
      if (!check.is_for(kEntry) && is_wanted(check, order_.only)) return true;
    return order_.only.empty();
  }

  void run_all(const Subject& subject) {
    for (const Check& check : catalogue())
      if (check.is_for(subject.kind) && is_wanted(check, order_.only)) run_one(check, subject);
  }

  void run_one(const Check& check, const Subject& subject) {
    const auto begin = Clock::now();
    Result result{&check, subject, Status::passed, "", 0};
    if (lacks(check.needs, subject)) {
      result.status = Status::skipped;
      result.seen = "needs " + check.needs + ", which did not pass";
    } else {
      const Outcome outcome = check.run ? ask(check, subject) : let_child_end();
      result.status = outcome.passed ? Status::passed : Status::failed;
      result.seen = outcome.seen;
      result.how = outcome.how;
    }
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    add(std::move(result));
  }

  void add(Result result) {
    on_result_(result);
    statuses_[key(result.check->name, result.subject)] = result.status;
    report_.results.push_back(std::move(result));
  }

  static std::string key(const std::string& check, const Subject& subject) {
    return check + " " + subject.kind + " " + subject.id;
  }
  bool is_past(Status status, const std::string& check, const Subject& subject = {}) const {
    const auto found = statuses_.find(key(check, subject));
    return found != statuses_.end() && found->second == status;
  }
  bool lacks(const std::string& needed, const Subject& subject) const {
    return is_past(Status::failed, needed, subject) || is_past(Status::skipped, needed, subject);
  }

  struct Outcome {
    bool passed = false;
    std::string seen;
    How how = How::judged;
  };

  Outcome ask(const Check& check, const Subject& subject) {
    const Json request = {{"check", check.name},
                          {"kind", subject.kind},
                          {"id", subject.id},
                          {"seed", seed_of(order_.seed, check.name, subject.id)},
                          {"config_folder", order_.given.config_folder},
                          {"lora_names", order_.given.lora_names},
                          {"orders", order_.given.orders}};
    const Child::Reply reply = child().ask(dump_json(request), order_.timeout);
    if (reply.line.empty()) {
      child_.reset();
      return {false, reply.end, reply.is_late ? How::hung : How::ended};
    }
    const Json answer = parse_json(reply.line, "the child's answer");
    return {answer.at("passed"), answer.at("seen"), answer.at("threw") ? How::threw : How::judged};
  }

  /// A child that has enrolled the plugin must end by itself.
  Outcome let_child_end() {
    child_.reset();
    const Child::Reply listed = child().ask(dump_json({{"list", true}}), order_.timeout);
    const std::string end = listed.line.empty() ? listed.end : child().let_end(order_.timeout);
    child_.reset();
    return {end.empty(), end};
  }

  std::vector<Subject> list_subjects() {
    const Child::Reply reply = child().ask(dump_json({{"list", true}}), order_.timeout);
    if (reply.line.empty()) child_.reset();
    const Json answer = reply.line.empty() ? Json{{"error", reply.end}} : parse_json(reply.line, "the child's answer");
    if (answer.contains("error")) {  // unseen so far when --only leaves the entry's checks out
      add({find_check("entry/enrols"), {}, Status::failed, answer.at("error"), 0});
      return {};
    }
    report_.id = answer.at("id"), report_.version = answer.at("version");
    std::vector<Subject> subjects;
    for (const Json& one : answer.at("subjects")) subjects.push_back({one.at("kind"), one.at("id")});
    return subjects;
  }

  /// Last, as the neighbours' code runs in the child.
  std::vector<std::string> names_taken() {
    const Child::Reply reply = child().ask(dump_json({{"neighbours", order_.neighbours.string()}}), order_.timeout);
    if (reply.line.empty()) return {"whether the plugin's names are taken is not known: " + reply.end};
    const Json answer = parse_json(reply.line, "the child's answer");
    if (answer.contains("error"))
      return {"whether the plugin's names are taken is not known: " + answer.at("error").get<std::string>()};
    return answer.at("taken");
  }

  Child& child() {
    if (!child_) child_ = std::make_unique<Child>(order_.file, order_.memory_mib);
    return *child_;
  }

  const CheckOrder& order_;
  const std::function<void(const Result&)>& on_result_;
  CheckReport report_;
  std::map<std::string, Status> statuses_;
  std::unique_ptr<Child> child_;
};

}  // namespace

void check_order(const CheckOrder& order) {
  std::error_code status;
  if (!std::filesystem::is_regular_file(order.file, status))
    throw Error(ErrorCode::bad_request, order.file.string(),
                std::filesystem::exists(order.file, status) ? "is no file" : "there is no such file; was it built?");
  std::vector<std::string> names;
  for (const Check& check : catalogue()) {
    if (is_wanted(check, order.only)) return;
    names.push_back(check.name);
    names.push_back(group_of(check));
  }
  throw Error(ErrorCode::bad_request, "--only",
              "there is no check '" + order.only + "'" + did_you_mean(order.only, names) + "; see --list");
}

CheckReport run_checks(const CheckOrder& order, const std::function<void(const Result&)>& on_result) {
  return Supervisor(order, on_result).run();
}

}  // namespace alice::check
