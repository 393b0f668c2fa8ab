#include "plugins/models/unet2d/unet_depths.h"

#include <algorithm>

namespace alice::unet2d {
namespace {

constexpr const char* kDown = "transformer_layers_per_block";
constexpr const char* kUp = "reverse_transformer_layers_per_block";
constexpr int64_t kMostDeep = 64;

bool is_depth(const Json& value) { return value.is_number_integer() && value >= 1 && value <= kMostDeep; }

/// Of one level: `value` is a number, or a list with one for each of its `layers`.
std::vector<int64_t> depths_of(const Json& value, int64_t layers, const std::string& place, Faults& faults) {
  const auto count = static_cast<size_t>(layers);
  const bool is_list = value.is_array();
  const bool is_good =
      is_list ? value.size() == count && std::all_of(value.begin(), value.end(), is_depth) : is_depth(value);
  if (is_good) return is_list ? value.get<std::vector<int64_t>>() : std::vector<int64_t>(count, value.get<int64_t>());
  faults.add(place, "must be transformer blocks from 1 to " + std::to_string(kMostDeep) +
                        ", one number or one for each of " + std::to_string(layers) + " attentions, got " +
                        dump_json(value));
  return std::vector<int64_t>(count, 1);
}

/// Of each level, in the order of `value`, as many elements as there are levels.
std::vector<Json> for_levels(const Json& value, size_t levels, const std::string& place, Faults& faults) {
  if (!value.is_array()) return std::vector<Json>(levels, value);
  if (value.size() == levels) return value.get<std::vector<Json>>();
  if (value.size() == 1) return std::vector<Json>(levels, value[0]);
  faults.add(place, "must be one value or one for each of the " + std::to_string(levels) + " levels, got " +
                        std::to_string(value.size()));
  return std::vector<Json>(levels, 1);
}

bool are_all(const std::vector<int64_t>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [value](int64_t one) { return one == value; });
}

/// The shortest form.
Json depths_json(const std::vector<int64_t>& depths) {
  return are_all(depths, depths.front()) ? Json(depths.front()) : Json(depths);
}

}  // namespace

void read_depths(const Json& config, std::vector<UNetLevel>& levels, const PlaceOf& place, Faults& faults) {
  const auto said = [&](const char* name) { return config.is_object() ? config.value(name, Json()) : Json(); };
  const Json up = said(kUp), down = said(kDown).is_null() ? Json(1) : said(kDown);
  const size_t count = levels.size();
  const std::vector<Json> downs = for_levels(down, count, place(kDown), faults);
  std::vector<Json> ups = downs;
  if (!up.is_null()) {
    ups = for_levels(up, count, place(kUp), faults);
    std::reverse(ups.begin(), ups.end());  // it begins with the coarsest level
  }
  for (size_t i = 0; i < count; ++i) {
    UNetLevel& level = levels[i];
    if (up.is_null() && ups[i].is_array()) {
      faults.add(place(kDown), "says one for each attention of a level: " + std::string(kUp) + " must be given, too");
      ups[i] = 1;
    }
    level.down_depths = depths_of(downs[i], level.layers, place(kDown), faults);
    level.up_depths = depths_of(ups[i], level.layers + 1, place(up.is_null() ? kDown : kUp), faults);
  }
}

void write_depths(const std::vector<UNetLevel>& levels, Json& config) {
  Json down = Json::array(), up = Json::array();
  bool is_mirrored = true;
  for (const UNetLevel& level : levels) {
    down.push_back(depths_json(level.down_depths));
    up.insert(up.begin(), depths_json(level.up_depths));
    is_mirrored = is_mirrored && are_all(level.down_depths, level.up_depths.front()) &&
                  are_all(level.up_depths, level.up_depths.front());
  }
  config[kDown] = down;
  config[kUp] = is_mirrored ? Json() : up;
}

}  // namespace alice::unet2d
