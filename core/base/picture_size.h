#pragma once
// How large a picture may be: what a model is for, what the configuration allows, and how a wish is fitted to it.

#include <cstdint>
#include <string>

#include "core/base/host_config.h"

namespace alice {

/// In pixels; 0 x 0 where nobody knows.
struct PictureSize {
  int64_t width = 0, height = 0;

  int64_t pixels() const { return width * height; }
  bool is_known() const { return width > 0 && height > 0; }
};
/// "512x768".
std::string to_text(const PictureSize& size);

/// What holds for the sizes of one model's pictures.
struct SizeRule {
  PictureSize native;         ///< that it was trained for
  PictureSize usual;          ///< of a request that says nothing: the configured default, else the native one
  int64_t multiple = 1;       ///< sides must be multiples of this
  int64_t most_pixels = 0;    ///< width times height of one picture; 0: any number
  std::string key;            ///< of the configuration, where that can be changed: "generation.max_pixels"
};

/// The limit is the model's own max_pixels, else the general one, else, where the native size is known, four times that
/// and never less than 256x256 or the usual size.
SizeRule size_rule(const HostConfig& config, const ModelConfig& model, const PictureSize& native, int64_t multiple);

/// A fault when `asked` has more pixels than the rule allows: what was asked, the limit, the native size and the key.
/// At "/height" when the picture is higher than wide, else at "/width", as `place` spells them.
void check_pixels(const std::string& model, const PictureSize& asked, const SizeRule& rule, const PlaceOf& place,
                  Faults& faults);

/// The largest size of about the shape of `asked` that is within the rule, its sides multiples of rule.multiple, each
/// at least one; `asked` itself when it fits. For clients that offer a few sizes only.
PictureSize fit_size(const PictureSize& asked, const SizeRule& rule);

/// As a worker tells the front of a model, beside what else it tells: "max_pixels" (left out: any number),
/// "max_pixels_key".
Json write_size_rule(const SizeRule& rule);
/// Of a model as a worker tells of it: with "native_width", "native_height", "size_multiple" and "defaults", which are
/// not written by write_size_rule(). What is missing is as in a new SizeRule.
SizeRule read_size_rule(const Json& model);

}  // namespace alice
