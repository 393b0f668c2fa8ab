#include "core/base/generate_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace alice {
namespace {

constexpr const char* kLoras = "loras";
constexpr const char* kSchedulerOptions = "scheduler_options";
constexpr double kLargestSeed = 9007199254740991;  // 2^53 - 1: every JSON reader keeps it exactly

const OptionTable<LoraUse>& lora_options() {
  static const auto table = OptionTable<LoraUse>()
                                .text("name", &LoraUse::name, "a LoRA's id")
                                .number("strength", &LoraUse::strength, {}, "how much of it; negative subtracts");
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

/// The table's options and the two structures: for "did you mean".
std::vector<OptionSpec> all_members() {
  std::vector<OptionSpec> specs = generate_options().specs();
  for (const char* name : {kLoras, kSchedulerOptions}) specs.emplace_back().name = name;
  return specs;
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// True when there were blanks.
bool strip_left(std::string_view& text) {
  const size_t before = text.size();
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text.size() != before;
}

bool strip_right(std::string& text) {
  const size_t before = text.size();
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  return text.size() != before;
}

std::string stripped(std::string_view text) {
  strip_left(text);
  std::string out(text);
  strip_right(out);
  return out;
}

constexpr std::string_view kTagStart = "<lora:";

size_t find_tag(std::string_view text) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  const auto found = std::search(text.begin(), text.end(), kTagStart.begin(), kTagStart.end(), same);
  return static_cast<size_t>(found - text.begin());
}

/// False when `text` is no finite number.
bool read_strength(const std::string& text, double& out) {
  const char* begin = text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, out);
  return result.ec == std::errc() && result.ptr == end && std::isfinite(out);
}

/// `inside`: what stands between "<lora:" and ">".
void read_tag(std::string_view inside, std::vector<LoraUse>& loras, Faults& faults) {
  const size_t colon = inside.find(':');
  LoraUse lora;
  lora.name = stripped(inside.substr(0, colon));
  const auto fault = [&](const std::string& what) {
    faults.add("/prompt", "<lora:" + std::string(inside) + "> " + what);
  };
  if (lora.name.empty()) return fault("names no LoRA");
  if (colon != std::string_view::npos && !read_strength(stripped(inside.substr(colon + 1)), lora.strength))
    return fault("needs one number as its strength, as in <lora:name:0.8>");
  loras.push_back(std::move(lora));
}

/// Closes the gap that a tag leaves between `left` and `right`: one comma where there were two, none at an end, one
/// blank where there was any.
void close_gap(std::string& left, std::string_view& right) {
  const bool blank_left = strip_right(left), blank_right = strip_left(right);
  while ((left.empty() || left.back() == ',') && !right.empty() && right.front() == ',') {
    right.remove_prefix(1);
    strip_left(right);
  }
  if (right.empty() && !left.empty() && left.back() == ',') {
    left.pop_back();
    strip_right(left);
  }
  if (left.empty() || right.empty() || right.front() == ',') return;
  if (blank_left || blank_right || left.back() == ',') left += ' ';
}

}  // namespace

const OptionTable<GenerateRequest>& generate_options() {
  using R = GenerateRequest;
  static const auto table =
      OptionTable<R>()
          .text("model", &R::model, "the model's id, such as sd/name")
          .text("prompt", &R::prompt, "what to show")
          .text("negative_prompt", &R::negative_prompt, "what to keep away from; of no use without guidance")
          .integer("steps", &R::steps, {1, 1000}, "steps from noise to picture")
          .number("guidance_scale", &R::guidance_scale, {0, 100}, "how strongly the prompt counts; 1 means no guidance")
          .number("guidance_rescale", &R::guidance_rescale, {0, 1},
                  "how far guidance is kept from raising the contrast")
          .number("guidance_start", &R::guidance_start, {0, 1}, "the share of the steps before guidance begins")
          .number("guidance_end", &R::guidance_end, {0, 1}, "the share of the steps after which guidance ends: quicker")
          .integer("deepcache_interval", &R::deepcache_interval, {1, 10},
                   "every how many steps the network's deep part is computed; more than 1 is quicker, and less exact")
          .number("token_merging_ratio", &R::token_merging_ratio, {0, 0.75},
                  "the share of a large map's tokens that are merged with their likes; quicker, and less exact")
          .integer("clip_skip", &R::clip_skip, {0, 100}, "how many last layers of the text encoder are left out")
          .integer("width", &R::width, {8, 8192}, "width of the picture", "pixels")
          .integer("height", &R::height, {8, 8192}, "height of the picture", "pixels")
          .integer("seed", &R::seed, {0, kLargestSeed}, "where the noise starts; absent: drawn")
          .integer("n", &R::n, {1, 100}, "number of pictures; picture k has the seed plus k")
          .text("scheduler", &R::scheduler, "the sampling algorithm; empty: the model's own");
  return table;
}

GenerateRequest read_generate_request(const Json& object) {
  Faults faults;
  GenerateRequest request = read_generate_request(object, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_request);
  return request;
}

GenerateRequest read_generate_request(const Json& object, const PlaceOf& place, Faults& faults) {
  GenerateRequest request = generate_options().read(object, UnknownKeys::pass_over, place, faults);
  if (!object.is_object()) return request;
  detail::check_unknown(object, all_members(), place, faults);
  request.loras = read_loras(object.value(kLoras, Json()), place(kLoras), faults);
  request.scheduler_options =
      read_scheduler_options(object.value(kSchedulerOptions, Json()), place(kSchedulerOptions), faults);
  return request;
}

Json write_generate_request(const GenerateRequest& request) {
  Json object = generate_options().write(request);
  object[kLoras] = Json::array();
  for (const LoraUse& lora : request.loras) object[kLoras].push_back(lora_options().write(lora));
  object[kSchedulerOptions] = request.scheduler_options;
  return object;
}

void take_lora_tags(std::string& prompt, std::vector<LoraUse>& loras, Faults& faults) {
  std::string_view rest = prompt;
  std::string left;
  for (size_t start = find_tag(rest); start < rest.size(); start = find_tag(rest)) {
    left += rest.substr(0, start);
    rest.remove_prefix(start + kTagStart.size());
    const size_t end = rest.find('>');
    if (end == std::string_view::npos) return faults.add("/prompt", "has a <lora: tag that no > closes");
    read_tag(rest.substr(0, end), loras, faults);
    rest.remove_prefix(end + 1);
    close_gap(left, rest);
  }
  left += rest;
  prompt = std::move(left);
}

}  // namespace alice
