#pragma once
// A check of the contract suite: what it demands of a plugin, and how that is tried.

#include <functional>
#include <string>
#include <vector>

#include "sdk/check/plugin_under_test.h"

namespace alice::check {

/// What a check is run on.
struct Case {
  PluginUnderTest& plugin;
  Subject subject;
  uint64_t seed = 0;           ///< of this check on this subject alone, so that it can be repeated alone
  const CheckSettings& given;  ///< by the author

  /// The factory that it is about, of the kind F.
  template <class F>
  const F& factory() const {
    return plugin.factory<F>(subject.id);
  }
};

/// How a check says no: what was seen. Everything else that a check throws came out of the plugin.
struct Failed {
  std::string seen;
};
[[noreturn]] void fail(std::string seen);
void expect(bool holds, const std::string& seen);

struct Check {
  std::string name;                ///< "scheduler/plan-falls": stable, so that build scripts may name it
  std::string demands;             ///< a sentence
  std::string cure;                ///< what the author should do when it fails
  std::string needs;               ///< the check that must pass first on the same subject; "" for none
  std::vector<std::string> kinds;  ///< of its subjects
  /// Returns a note for the report ("order 2.0"), mostly "". Throws Failed, or whatever the plugin throws. Empty for
  /// the check that is about a process's end: the supervisor does it.
  std::function<std::string(const Case&)> run;

  bool is_for(const std::string& kind) const;
};

/// Every check, in the order of the report: one that another needs comes before it.
const std::vector<Check>& catalogue();
/// Null when there is none.
const Check* find_check(const std::string& name);

// The parts of the catalogue.
std::vector<Check> entry_checks();
std::vector<Check> option_checks();
std::vector<Check> plan_checks();
std::vector<Check> sampling_checks();
std::vector<Check> accuracy_checks();
std::vector<Check> kernel_checks();
std::vector<Check> backend_checks();
std::vector<Check> recognition_checks();
std::vector<Check> model_checks();
std::vector<Check> text_encoder_checks();
std::vector<Check> unet_checks();
std::vector<Check> vae_checks();
std::vector<Check> family_checks();
std::vector<Check> lora_checks();

}  // namespace alice::check
