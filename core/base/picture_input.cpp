#include "core/base/picture_input.h"

#include <algorithm>

#include "core/base/options.h"

namespace alice {
namespace {

const OptionTable<PictureInput>& table() {
  static const auto options =
      OptionTable<PictureInput>().text("sha256", &PictureInput::sha256, "the SHA-256 of the picture's bytes");
  return options;
}

}  // namespace

bool is_sha256(const std::string& text) {
  constexpr size_t kDigits = 64;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), is_digit);
}

PictureInput read_picture_input(const Json& object, const std::string& place, Faults& faults) {
  Faults of_object;
  PictureInput input = table().read(object, UnknownKeys::fault, json_places(place), of_object);
  for (const Fault& fault : of_object.list()) faults.add(fault.place, fault.sentence);
  if (of_object.empty() && is_sha256(input.sha256)) return input;
  if (of_object.empty())
    faults.add(place + "/sha256", "must be a SHA-256: 64 digits from 0 to 9 and a to f, small ones");
  return {};
}

Json write_picture_input(const PictureInput& input) { return table().write(input); }

}  // namespace alice
