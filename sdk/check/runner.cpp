#include "sdk/check/runner.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <cxxabi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <typeinfo>

#include "sdk/check/process_state.h"
#include "sdk/check/taken_names.h"

namespace alice::check {
namespace {

std::string name_of(const std::type_info& type) {
  int status = 0;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  const std::string name = readable != nullptr ? readable : type.name();
  std::free(readable);
  return name;
}

/// Of what is being handled.
std::string name_of_exception() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type != nullptr ? name_of(*type) : "an unknown type";
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What the plugin may add to this process's data, so that it fails and not the machine.
void limit_memory(size_t more) {
  std::ifstream status("/proc/self/status");
  size_t data_kib = 0;
  for (std::string word; status >> word;)
    if (word == "VmData:") status >> data_kib;
  const rlim_t limit = data_kib * 1024 + more;
  const rlimit data = {limit, limit}, no_core = {0, 0};
  setrlimit(RLIMIT_DATA, &data);
  setrlimit(RLIMIT_CORE, &no_core);
}

class Runner {
 public:
  explicit Runner(const std::filesystem::path& file) : plugin_(file) {}

  Json answer(const Json& request) {
    if (request.contains("list")) return list();
    return request.contains("neighbours") ? taken(request.at("neighbours").get<std::string>()) : check(request);
  }

 private:
  Json list() {
    Json subjects = Json::array();
    const std::string fault = fault_of([&] {
      for (const Subject& subject : plugin_.subjects())
        subjects.push_back({{"kind", subject.kind}, {"id", subject.id}});
    });
    if (!fault.empty()) return {{"error", fault}};
    return {{"id", plugin_.entry().id}, {"version", plugin_.entry().version}, {"subjects", subjects}};
  }

  Json taken(const std::filesystem::path& folder) {
    std::vector<std::string> sentences;
    const std::string fault = fault_of([&] { sentences = taken_names(plugin_, folder); });
    return fault.empty() ? Json{{"taken", sentences}} : Json{{"error", fault}};
  }

  /// What the plugin threw; "" when nothing.
  std::string fault_of(const std::function<void()>& use) {
    const Check check{"", "", "", "", {}, [&](const Case&) {
                        use();
                        return std::string();
                      }};
    const CheckSettings none;
    return run_check(check, {plugin_, {}, 0, none}).seen;
  }

  Json check(const Json& request) {
    CheckSettings given;
    given.config_folder = request.at("config_folder");
    given.lora_names = request.at("lora_names");
    given.orders = request.at("orders").get<std::map<std::string, double>>();
    const Subject subject = {request.at("kind"), request.at("id")};
    const Outcome outcome =
        run_check(*find_check(request.at("check")), {plugin_, subject, request.at("seed").get<uint64_t>(), given});
    return {{"passed", outcome.passed}, {"seen", outcome.seen}, {"threw", outcome.threw}};
  }

  PluginUnderTest plugin_;
};

}  // namespace

Outcome run_check(const Check& check, const Case& it) {
  const c10::InferenceMode no_gradients;
  at::manual_seed(it.seed);
  try {
    return {true, check.run(it)};
  } catch (const Failed& failed) {
    return {false, failed.seen};
  } catch (const Error& error) {
    return {false, std::string("the plugin threw Error(") + to_string(error.code()) + "): " + error.what(), true};
  } catch (const std::exception& error) {
    return {false, "the plugin threw " + name_of(typeid(error)) + " (" + first_line(error.what()) +
                       "); only alice::Error may cross its border",
            true};
  } catch (...) {
    return {false, "the plugin threw " + name_of_exception() +
                       ", which is no exception class; only alice::Error may cross its border",
            true};
  }
}

int run_checks_in_child(const std::filesystem::path& file, size_t memory_limit) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a checker that is interrupted leaves nothing running
  limit_memory(memory_limit);
  FILE* in = fdopen(dup(kSocket), "r");
  FILE* out = fdopen(kSocket, "w");
  if (in == nullptr || out == nullptr)
    throw Error(ErrorCode::bad_request, "plugin run-checks", "is what `alice plugin check` starts; use that");
  ProcessState::at_start();
  Runner runner(file);
  char* line = nullptr;
  size_t size = 0;
  while (getline(&line, &size, in) > 0) {
    const std::string reply = dump_json(runner.answer(parse_json(line, "request"))) + "\n";
    std::fputs(reply.c_str(), out);
    std::fflush(out);
  }
  std::free(line);
  return 0;
}

}  // namespace alice::check
