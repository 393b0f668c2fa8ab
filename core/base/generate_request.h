#pragma once
// What somebody asks for: the one form that every front door (command line, HTTP) translates into.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/base/picture_format.h"
#include "core/base/picture_input.h"
#include "core/base/prompt_style.h"

namespace alice {

/// How a picture becomes one of the asked size.
enum class Resize {
  stretch,  ///< each side by itself
  crop,     ///< as large as it must be to cover it; what sticks out is cut off, evenly
  fill,     ///< as large as it may be to lie within; the rest repeats its edges
};

/// What of a mask says what is made anew.
enum class MaskFrom {
  automatic,  ///< its transparency where it has some, else its white
  alpha,      ///< what is transparent, as OpenAI's doors have it; without a mask, of the picture itself
  white,      ///< what is white, as A1111 and diffusers have it
};

/// What stands where the mask is when sampling begins.
enum class MaskedContent { original, fill, noise, nothing };

/// Of JPEG and WebP files: nothing to be seen is lost, and a file has a sixth of a PNG's bytes.
inline constexpr int64_t kUsualQuality = 90;

struct LoraUse {
  std::string name;     ///< a LoRA's id, or a path where the caller may name files
  double strength = 1;  ///< any finite number; negative ones subtract
  std::optional<double> text_encoder_strength = std::nullopt;  ///< absent: `strength` there too
};

/// Absent means: what the model's configuration says, then the general default. What has a value that could overrule a
/// default is an optional, so that zero and the empty text can be said: a field that nobody said and one that was said
/// to be empty are two things. core/base/request_fields.h has a row for each field of one value.
struct GenerateRequest {
  std::string model;  ///< "sd/name"
  std::string prompt;
  std::optional<std::string> negative_prompt;
  std::optional<PromptStyle> prompt_style;             ///< of all prompts; absent: A1111's
  std::optional<int64_t> steps;
  std::optional<double> guidance_scale;
  std::optional<int64_t> clip_skip;                    ///< 0: the last layer (diffusers' counting)
  std::optional<double> guidance_rescale;              ///< Lin et al. 2023, section 3.4
  std::optional<double> guidance_start, guidance_end;  ///< see core/math/denoiser.h
  std::optional<int64_t> deepcache_interval;           ///< steps; see core/api/unet_shortcuts.h
  std::optional<double> token_merging_ratio;
  std::optional<int64_t> width, height;  ///< pixels
  std::optional<int64_t> seed;           ///< 0 is a seed; absent: drawn
  int64_t n = 1;                         ///< image k has the seed seed + k
  std::optional<PictureInput> image;     ///< what the result is made from; absent: from noise alone
  std::optional<PictureInput> mask;      ///< where the picture is made anew
  std::optional<double> strength;        ///< the share of the steps that is done: floor(steps * strength)
  std::optional<Resize> resize;
  std::optional<bool> fit;               ///< a picture that is too large for the model is made smaller
  std::optional<int64_t> extend_left, extend_top, extend_right, extend_bottom;  ///< pixels to be made at the sides
  std::optional<MaskFrom> mask_from;
  std::optional<bool> mask_invert;
  std::optional<double> mask_blur;       ///< pixels: the deviation of a Gaussian
  std::optional<MaskedContent> masked_content;
  std::optional<bool> only_masked;       ///< the mask's surroundings alone are drawn, at the full size
  std::optional<int64_t> only_masked_padding;  ///< pixels around the mask
  std::optional<bool> paste_back;        ///< untouched pixels are the picture's own
  std::optional<double> image_guidance_scale;  ///< of a network that was trained to be shown a picture
  /// Of a network that is told more than the prompt (core/api/family.h): sizes "1024x768", places "left,top".
  std::optional<std::string> prompt_2, negative_prompt_2;  ///< for all text encoders but the first; absent: the same
  std::optional<std::string> original_size, crop, target_size;
  std::optional<std::string> negative_original_size, negative_crop, negative_target_size;
  std::optional<double> aesthetic_score, negative_aesthetic_score;
  std::optional<std::string> refiner;    ///< a model's id: it makes the last steps; absent or empty: none does
  std::optional<double> refiner_start;   ///< the share of the noise schedule that is behind when it begins
  std::string scheduler;                 ///< id or alias; "" means the model's
  std::optional<PictureFormat> output_format;  ///< of the files that are written; absent: PNG
  std::optional<int64_t> output_quality;       ///< of JPEG and WebP files, 0 to 100; absent: kUsualQuality
  Json scheduler_options = Json::object();
  std::vector<LoraUse> loras;
};

/// The fields of one value alone, by the names of request_fields().
GenerateRequest read_generate_options(const Json& object, UnknownKeys unknown, const PlaceOf& place, Faults& faults);

/// Reads a JSON object with request_fields()' names, "scheduler_options" {..}, "image" and "mask" {"sha256"}, and
/// "loras" [{"name","strength","text_encoder_strength"} or "name"]. Throws one Error(bad_request) with every fault;
/// places are JSON pointers ("/steps").
GenerateRequest read_generate_request(const Json& object);
/// The same, for callers who have faults of their own to report with these: adds every fault to `faults`, at the place
/// that `place` gives its member; a member with a fault keeps its default.
GenerateRequest read_generate_request(const Json& object, const PlaceOf& place, Faults& faults);
Json write_generate_request(const GenerateRequest& request);

}  // namespace alice
