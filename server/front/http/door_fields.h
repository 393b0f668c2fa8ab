#pragma once
// The fields of a request in a front door's spelling: which are a picture's settings under another name, which belong
// to the door, which are taken and reported as without effect, which are refused.

#include <map>
#include <string>
#include <vector>

#include "core/base/generate_request.h"
#include "server/front/http/api_error.h"

namespace alice {

inline constexpr size_t kMostLoras = 100;  ///< in one request

enum class FieldUse {
  generate,  ///< a field of GenerateRequest, by its own or another name
  door,      ///< the door reads it
  ignored,   ///< of the API's standard, without effect here: a warning
  refused,   ///< would change what the answer means and is not built: an error, unless it asks for nothing
};

struct FieldRule {
  std::string name;
  FieldUse use;
  std::string means = "";  ///< generate: the field of GenerateRequest, when it is called otherwise. refused: why
};

/// request_fields()' names, other tools' names for them, and the two structures, as rules.
std::vector<FieldRule> generate_rules();
/// Every rule also in camelCase: "negativePrompt" beside "negative_prompt".
std::vector<FieldRule> in_both_spellings(const std::vector<FieldRule>& rules);

struct DoorFields {
  Json generate = Json::object();             ///< by GenerateRequest's names
  Json door = Json::object();                 ///< by the door's names
  std::map<std::string, std::string> places;  ///< name in either -> where the client wrote it: "/sam_config/numImages"
  std::vector<std::string> warnings;
  Faults refused;  ///< what is understood but not built

  /// For read_generate_request() and OptionTable::read().
  PlaceOf place_of() const;
  /// For errors that come later and name GenerateRequest's fields ("/guidance_scale").
  ParamOf param_of() const;
  /// Throws ApiError 400 with all of `faults` and `refused`; "unsupported" when there is nothing worse.
  void throw_if_any(const Faults& faults) const;
};

/// Sorts the members of `object`, which stands at `prefix` ("" or "/sam_config"), into `fields`. Null means absent.
/// Faults: unknown members, one thing said twice and differently. At most 200 members are looked at.
void sort_fields(const Json& object, const std::string& prefix, const std::vector<FieldRule>& rules, DoorFields& fields,
                 Faults& faults);

/// For requests that say "strict": throws ApiError 400 "unsupported" when there is any of `warnings` ("user: has no
/// effect here").
void refuse_warnings(const std::vector<std::string>& warnings);

/// Reads fields.generate and checks what OptionTables cannot: the prompts' lengths, LoRA tags, and that no name is a
/// path, for clients name models and LoRAs but no files.
GenerateRequest read_generate_fields(const DoorFields& fields, Faults& faults);

/// Adds a fault when `name` is no LoRA's id but a path, empty or too long.
void check_lora_name(const std::string& name, const std::string& place, Faults& faults);

/// `warnings` of a job ("/steps: ...") in the client's spelling, behind the door's own.
std::vector<std::string> all_warnings(std::vector<std::string> own, const std::vector<std::string>& of_job,
                                      const ParamOf& param_of);

}  // namespace alice
