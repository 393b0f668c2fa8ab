#pragma once
// The one exception type that crosses plugin boundaries, and the collector that reports every fault at once.

#include <exception>
#include <string>
#include <vector>

namespace alice {

/// What kind of fault it is; the HTTP status and the exit code follow from it.
enum class ErrorCode {
  bad_request,     ///< the caller's value is wrong; the caller can mend it
  bad_config,      ///< config.yaml, an ALICE_* variable or a command line option is wrong
  not_found,       ///< a model, LoRA, plugin or file that was named is not there
  bad_weights,     ///< a model or LoRA file is damaged, incomplete or does not fit
  unsupported,     ///< understood, but not built (or not possible with this model)
  out_of_memory,   ///< the work does not fit; a smaller one may
  busy,            ///< try again later
  cancelled,       ///< the caller asked to stop
  internal,        ///< a fault of ALICE or of a plugin
  storage_full,    ///< the disk has no room for what ALICE writes; try again when it has
  storage_failed,  ///< what ALICE writes to is read-only, gone, replaced or damaged; try again when it is mended
};

/// Every code, in the order above.
const std::vector<ErrorCode>& all_error_codes();
/// The name as it stands in logs and JSON: "bad_request", ...
const char* to_string(ErrorCode code);
/// The code of that name; internal for one that is none.
ErrorCode error_code_from(const std::string& name);

/// One thing that is wrong; `place` and `sentence` as in Error.
struct Fault {
  std::string place;
  std::string sentence;
};

/// An error says where (`place`: "config.yaml:14:7", "/steps", "models/x/unet/config.json"), what, and what would be
/// right (`sentence`). what() is "place: sentence". Defined in one shared library, so that its type exists once in a
/// process and can be caught across plugins. Both are safe to print, whatever a stranger's file put into them: place()
/// is on_one_line(), sentence() on_indented_lines() of what was given. Copies share nothing that can throw later.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string place, std::string sentence);
  /// Several faults, at least one: place() is the first one's; sentence() and what() tell all, a line each.
  Error(ErrorCode code, const std::vector<Fault>& faults);
  ~Error() override;  // the key function: keeps typeinfo and vtable in alice-base

  ErrorCode code() const noexcept { return code_; }
  const std::string& place() const noexcept { return place_; }
  const std::string& sentence() const noexcept { return sentence_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string place_, sentence_, what_;
};

/// Collects faults so that all of them are reported together. Not thread-safe; belongs to one reader.
class Faults {
 public:
  void add(std::string place, std::string sentence);
  bool empty() const noexcept { return list_.empty(); }
  const std::vector<Fault>& list() const noexcept { return list_; }

  /// Throws an Error with `code` when there is a fault.
  void throw_if_any(ErrorCode code) const;

 private:
  std::vector<Fault> list_;
};

}  // namespace alice
