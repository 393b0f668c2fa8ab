#pragma once
// The fields of a request that are one value each, written down once. What reads, checks, describes, completes or
// records requests takes its list of fields from this table; loras, scheduler_options, image and mask, which are structures,
// are read by generate_request.h.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/generate_request.h"

namespace alice {

/// Who may say what a field means where a request says nothing.
enum class DefaultBy {
  nobody,  ///< it belongs to one request
  models,  ///< a model: its entry in the configuration, and its own files (`_defaults`)
  anyone,  ///< models, and the configuration for all of them (`generation.default_*`)
};

/// What a field is of no use without.
enum class CountsWith { always, image, mask, refiner };

struct RequestField {
  OptionSpec spec;  ///< name, type, range, unit, help
  DefaultBy default_by = DefaultBy::nobody;
  Json built_in;             ///< what counts when nobody says anything; null: see the help
  std::string infotext;  ///< the name of its pair in A1111's text; "": it has none, or shares one
  int64_t infotext_from = 0;       ///< where that text begins to count: added to ours
  /// What that text calls some values; "": the pair is left out. A value that is not here is written as it is.
  std::vector<std::pair<Json, std::string>> infotext_words;
  CountsWith counts_with = CountsWith::always;
  bool infotext_if_other = false;  ///< the pair is there only where the value is another than the built-in one
  std::vector<std::string> aliases;  ///< what other tools call it
  /// Takes the value from the second request where the first says nothing: its optional is empty, or its text.
  std::function<void(GenerateRequest&, const GenerateRequest&)> complete;
};

/// In the order in which people are told of them.
const std::vector<RequestField>& request_fields();
/// Throws std::out_of_range for a name that no field has.
const RequestField& request_field(const std::string& name);

/// The same fields as options: they read, check and write a GenerateRequest.
const OptionTable<GenerateRequest>& generate_options();
/// As a request may say that its seed is to be drawn; read_generate_options() makes it an absent one.
inline constexpr int64_t kDrawnSeed = -1;

/// What other tools call a field: "cfg_scale" is "guidance_scale". Every front door that takes JSON takes these names.
struct FieldAlias {
  std::string name;
  std::string field;
};
const std::vector<FieldAlias>& generate_aliases();

const std::vector<std::string>& model_default_names();    ///< of fields that a model may say
const std::vector<std::string>& general_default_names();  ///< of fields that generation.default_* may say

}  // namespace alice
