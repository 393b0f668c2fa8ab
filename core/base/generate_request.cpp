#include "core/base/generate_request.h"

#include <algorithm>
#include <cmath>

#include "core/base/request_fields.h"

namespace alice {
namespace {

constexpr const char* kLoras = "loras";
constexpr const char* kSchedulerOptions = "scheduler_options";
constexpr const char* kImage = "image";
constexpr const char* kMask = "mask";

const OptionTable<LoraUse>& lora_options() {
  static const auto table = OptionTable<LoraUse>()
                                .text("name", &LoraUse::name, "a LoRA's id")
                                .number("strength", &LoraUse::strength, {}, "how much of it; negative subtracts")
                                .number("text_encoder_strength", &LoraUse::text_encoder_strength, {},
                                        "how much of it in the text encoder, where that is another");
  return table;
}

LoraUse read_lora(const Json& entry, const std::string& place, Faults& faults) {
  LoraUse lora;
  if (entry.is_string())
    lora.name = entry.get<std::string>();
  else
    lora = lora_options().read(entry, UnknownKeys::fault, json_places(place), faults);
  if (entry.is_null())
    faults.add(place, "must be a LoRA's name, or an object with name and strength");
  else if (lora.name.empty() && (entry.is_string() || entry.is_object()))
    faults.add(place, "names no LoRA");
  if (!std::isfinite(lora.strength)) faults.add(place + "/strength", "must be finite");
  if (!std::isfinite(lora.text_encoder_strength.value_or(0)))
    faults.add(place + "/text_encoder_strength", "must be finite");
  return lora;
}

std::vector<LoraUse> read_loras(const Json& list, const std::string& place, Faults& faults) {
  std::vector<LoraUse> loras;
  if (list.is_null()) return loras;
  if (!list.is_array()) {
    faults.add(place, "must be a list of names, or of objects with name and strength");
    return loras;
  }
  for (size_t i = 0; i < list.size(); ++i) loras.push_back(read_lora(list[i], place + "/" + std::to_string(i), faults));
  return loras;
}

/// What an option can be at all (see OptionTable); whether the scheduler has it, is seen when it is made.
bool is_option_value(const Json& value) {
  return value.is_primitive() ||
         (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_primitive(); }));
}

Json read_scheduler_options(const Json& options, const std::string& place, Faults& faults) {
  if (!options.is_object()) {
    if (!options.is_null()) faults.add(place, "must be an object of the scheduler's options");
    return Json::object();
  }
  const PlaceOf place_of = json_places(place);
  for (const auto& option : options.items())
    if (!is_option_value(option.value())) faults.add(place_of(option.key()), "must be one value, or a list of values");
  return options;
}

std::optional<PictureInput> read_input(const Json& object, const std::string& place, Faults& faults) {
  if (object.is_null()) return std::nullopt;
  return read_picture_input(object, place, faults);
}

Json write_input(const std::optional<PictureInput>& input) {
  return input ? write_picture_input(*input) : Json(nullptr);
}

/// The table's options and the structures: for "did you mean".
std::vector<OptionSpec> all_members() {
  std::vector<OptionSpec> specs = generate_options().specs();
  for (const char* name : {kLoras, kSchedulerOptions, kImage, kMask}) specs.emplace_back().name = name;
  return specs;
}

}  // namespace

GenerateRequest read_generate_options(const Json& object, UnknownKeys unknown, const PlaceOf& place, Faults& faults) {
  GenerateRequest request = generate_options().read(object, unknown, place, faults);
  if (request.seed == kDrawnSeed) request.seed.reset();
  return request;
}

GenerateRequest read_generate_request(const Json& object) {
  Faults faults;
  GenerateRequest request = read_generate_request(object, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_request);
  return request;
}

GenerateRequest read_generate_request(const Json& object, const PlaceOf& place, Faults& faults) {
  GenerateRequest request = read_generate_options(object, UnknownKeys::pass_over, place, faults);
  if (!object.is_object()) return request;
  detail::check_unknown(object, all_members(), place, faults);
  request.loras = read_loras(object.value(kLoras, Json()), place(kLoras), faults);
  request.scheduler_options =
      read_scheduler_options(object.value(kSchedulerOptions, Json()), place(kSchedulerOptions), faults);
  request.image = read_input(object.value(kImage, Json()), place(kImage), faults);
  request.mask = read_input(object.value(kMask, Json()), place(kMask), faults);
  return request;
}

Json write_generate_request(const GenerateRequest& request) {
  Json object = generate_options().write(request);
  object[kLoras] = Json::array();
  for (const LoraUse& lora : request.loras) {
    object[kLoras].push_back(lora_options().write(lora));
    if (!lora.text_encoder_strength) object[kLoras].back().erase("text_encoder_strength");
  }
  object[kSchedulerOptions] = request.scheduler_options;
  object[kImage] = write_input(request.image);
  object[kMask] = write_input(request.mask);
  return object;
}

}  // namespace alice
