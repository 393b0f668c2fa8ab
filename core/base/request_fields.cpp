#include "core/base/request_fields.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace alice {
namespace {

using R = GenerateRequest;

constexpr double kLargestSeed = 9007199254740991;  // 2^53 - 1: every JSON reader keeps it exactly

const Choices<Resize> kResizes = {{"stretch", Resize::stretch}, {"crop", Resize::crop}, {"fill", Resize::fill}};
const Choices<MaskFrom> kMaskSources = {
    {"auto", MaskFrom::automatic}, {"alpha", MaskFrom::alpha}, {"white", MaskFrom::white}};
const Choices<MaskedContent> kMaskedContents = {{"original", MaskedContent::original},
                                                {"fill", MaskedContent::fill},
                                                {"noise", MaskedContent::noise},
                                                {"nothing", MaskedContent::nothing}};

const Choices<PromptStyle> kPromptStyles = {
    {"a1111", PromptStyle::a1111}, {"comfyui", PromptStyle::comfyui}, {"plain", PromptStyle::plain}};

/// The first word of a format is the one that is written.
const Choices<PictureFormat> kFormats = {{"png", PictureFormat::png},
                                         {"jpeg", PictureFormat::jpeg},
                                         {"webp", PictureFormat::webp},
                                         {"jpg", PictureFormat::jpeg}};

template <class T>
bool is_absent(const std::optional<T>& value) {
  return !value.has_value();
}
bool is_absent(const std::string& text) { return text.empty(); }
bool is_absent(int64_t) { return false; }

/// The table as it is written: a row begins with the field's type, and what follows is about that field.
class Rows {
 public:
  template <class F>
  Rows& integer(const char* name, F R::*field, Range range, const char* help, const char* unit = "") {
    options_.integer(name, field, range, help, unit);
    return begin(field);
  }
  template <class F>
  Rows& number(const char* name, F R::*field, Range range, const char* help, const char* unit = "") {
    options_.number(name, field, range, help, unit);
    return begin(field);
  }
  template <class F>
  Rows& text(const char* name, F R::*field, const char* help) {
    options_.text(name, field, help);
    return begin(field);
  }
  template <class F>
  Rows& boolean(const char* name, F R::*field, const char* help) {
    options_.boolean(name, field, help);
    return begin(field);
  }
  template <class F, class E>
  Rows& choice(const char* name, F R::*field, const Choices<E>& choices, const char* help) {
    options_.choice(name, field, choices, help);
    return begin(field);
  }
  Rows& default_by(DefaultBy who, Json built_in = nullptr) {
    fields_.back().default_by = who;
    fields_.back().built_in = std::move(built_in);
    return *this;
  }
  Rows& infotext(const char* name) {
    fields_.back().infotext = name;
    return *this;
  }
  Rows& infotext_if_other(const char* name, int64_t counts_from = 0) {
    fields_.back().infotext_from = counts_from;
    fields_.back().infotext_if_other = true;
    return infotext(name);
  }
  Rows& words(std::vector<std::pair<Json, std::string>> words) {
    fields_.back().infotext_words = std::move(words);
    return *this;
  }
  Rows& with(CountsWith what) {
    fields_.back().counts_with = what;
    return *this;
  }
  Rows& also(const char* alias) {
    fields_.back().aliases.emplace_back(alias);
    return *this;
  }

  const OptionTable<R>& options() const { return options_; }
  const std::vector<RequestField>& fields() const { return fields_; }

 private:
  template <class F>
  Rows& begin(F R::*field) {
    fields_.emplace_back();
    fields_.back().spec = options_.specs().back();
    fields_.back().complete = [field](R& request, const R& defaults) {
      if (is_absent(request.*field)) request.*field = defaults.*field;
    };
    return *this;
  }

  OptionTable<R> options_;
  std::vector<RequestField> fields_;
};

const Rows& rows() {
  constexpr auto models = DefaultBy::models, anyone = DefaultBy::anyone;
  constexpr auto image = CountsWith::image, mask = CountsWith::mask, refiner = CountsWith::refiner;
  constexpr Range extension = {0, 4096};
  static const Rows table =
      Rows()
          .text("model", &R::model, "the model's id, such as sd/name")
          .text("prompt", &R::prompt, "what to show")
          .text("negative_prompt", &R::negative_prompt, "what to keep away from; of no use without guidance")
          .default_by(models)
          .choice("prompt_style", &R::prompt_style, kPromptStyles,
                  "whose rules prompts are read by: brackets of A1111 or ComfyUI, or none (plain)")
          .default_by(anyone, "a1111").infotext("Prompt style")
          .integer("steps", &R::steps, {1, 1000}, "steps from noise to picture")
          .default_by(anyone, 25).infotext("Steps")
          .also("num_inference_steps")  // diffusers
          .also("sample_steps")         // stable-diffusion.cpp
          .number("guidance_scale", &R::guidance_scale, {0, 100}, "how strongly the prompt counts; 1 means no guidance")
          .default_by(anyone, 7.5).infotext("CFG scale")
          .also("guidance")   // Replicate
          .also("cfg")        // ComfyUI
          .also("cfg_scale")  // A1111
          .integer("clip_skip", &R::clip_skip, {0, 100}, "how many last layers of the text encoder are left out")
          .default_by(models, 0).infotext_if_other("Clip skip", 1)
          .number("guidance_rescale", &R::guidance_rescale, {0, 1},
                  "how far guidance is kept from raising the contrast")
          .default_by(models, 0).infotext_if_other("Guidance rescale")
          .number("guidance_start", &R::guidance_start, {0, 1}, "the share of the steps before guidance begins")
          .default_by(anyone, 0).infotext_if_other("Guidance start")
          .number("guidance_end", &R::guidance_end, {0, 1}, "the share of the steps after which guidance ends: quicker")
          .default_by(anyone, 1).infotext_if_other("Guidance end")
          .integer("deepcache_interval", &R::deepcache_interval, {1, 10},
                   "every how many steps the network's deep part is computed; more than 1 is quicker, and less exact")
          .default_by(anyone, 1).infotext_if_other("DeepCache interval")
          .number("token_merging_ratio", &R::token_merging_ratio, {0, 0.75},
                  "the share of a large map's tokens that are merged with their likes; quicker, and less exact")
          .default_by(anyone, 0).infotext_if_other("Token merging ratio")
          .integer("width", &R::width, {8, 8192}, "width of the picture", "pixels").default_by(anyone)
          .integer("height", &R::height, {8, 8192}, "height of the picture", "pixels").default_by(anyone)
          .integer("seed", &R::seed, {kDrawnSeed, kLargestSeed}, "where the noise starts; absent or -1: drawn")
          .infotext("Seed")
          .also("rng_seed")  // OpenVINO Model Server
          .integer("n", &R::n, {1, 100}, "number of pictures; picture k has the seed plus k")
          .also("num_images")             // the original ALICE
          .also("num_images_per_prompt")  // diffusers
          .also("num_outputs")            // Replicate
          .also("batch_size")             // A1111
          .text("prompt_2", &R::prompt_2, "what the model's second text encoder reads; absent: the prompt")
          .text("negative_prompt_2", &R::negative_prompt_2, "the same of the negative prompt")
          .text("original_size", &R::original_size,
                "WIDTHxHEIGHT that it is to look scaled from, of models that are told it (SDXL); absent: its own")
          .default_by(models)
          .text("crop", &R::crop, "LEFT,TOP where the picture is to look cut, of such models; absent: 0,0")
          .default_by(models)
          .text("target_size", &R::target_size, "WIDTHxHEIGHT that it is to look meant for; absent: its own")
          .default_by(models)
          .text("negative_original_size", &R::negative_original_size, "as original_size, to keep away from")
          .text("negative_crop", &R::negative_crop, "as crop, to keep away from")
          .text("negative_target_size", &R::negative_target_size, "as target_size, to keep away from")
          .number("aesthetic_score", &R::aesthetic_score, {0, 10}, "how good it is to look, of models that are told it")
          .number("negative_aesthetic_score", &R::negative_aesthetic_score, {0, 10}, "the same, to keep away from")
          .choice("output_format", &R::output_format, kFormats, "what files the pictures are; absent: png")
          .integer("output_quality", &R::output_quality, {0, 100}, "of JPEG and WebP files; absent: 90")
          .also("output_compression")  // OpenAI, where 100 is the best as well
          .text("refiner", &R::refiner, "the model that makes the last steps, such as SDXL's refiner; empty: none does")
          .default_by(models).infotext_if_other("Refiner")
          .also("refiner_checkpoint")  // A1111
          .number("refiner_start", &R::refiner_start, {0, 1},
                  "the share of the noise schedule that is behind when the refiner begins")
          .default_by(models, 0.8).with(refiner).infotext("Refiner switch at")
          .also("refiner_switch_at")  // A1111
          .text("scheduler", &R::scheduler, "the sampling algorithm; empty: the model's own").default_by(anyone)
          .also("sampler")       // A1111's infotext
          .also("sampler_name")  // A1111, ComfyUI
          .number("strength", &R::strength, {0, 1}, "how far the result may be from the picture it is made from")
          .default_by(models, 0.8).with(image).infotext("Denoising strength")
          .also("denoising_strength")  // A1111
          .also("prompt_strength")     // Replicate
          .choice("resize", &R::resize, kResizes, "how a picture becomes one of the asked size")
          .default_by(models, "stretch").with(image).infotext("Resize mode")
          .words({{"stretch", ""}, {"crop", "Crop and resize"}, {"fill", "Resize and fill"}})
          .boolean("fit", &R::fit,
                   "a picture that is larger than the model makes is made smaller, where no size is asked for")
          .with(image)
          .integer("extend_left", &R::extend_left, extension, "what is made anew to the left of the picture", "pixels")
          .with(image)
          .integer("extend_top", &R::extend_top, extension, "what is made anew above the picture", "pixels")
          .with(image)
          .integer("extend_right", &R::extend_right, extension, "what is made anew to the right of it", "pixels")
          .with(image)
          .integer("extend_bottom", &R::extend_bottom, extension, "what is made anew below the picture", "pixels")
          .with(image)
          .number("image_guidance_scale", &R::image_guidance_scale, {1, 100},
                  "how strongly the picture counts with a network that was trained to be shown one")
          .default_by(models, 1.5).with(image).infotext("Image CFG scale")
          .also("image_cfg_scale")  // A1111
          .choice("mask_from", &R::mask_from, kMaskSources,
                  "what is made anew: what is transparent in the mask (alpha; without a mask: in the picture), what is "
                  "white in it, or whichever of the two the mask has (auto)")
          .with(image)
          .boolean("mask_invert", &R::mask_invert, "everything but what the mask says is made anew")
          .with(mask).infotext("Mask mode").words({{false, ""}, {true, "Inpaint not masked"}})
          .number("mask_blur", &R::mask_blur, {0, 64}, "how softly the mask ends", "pixels")
          .default_by(models, 4).with(mask).infotext("Mask blur")
          .choice("masked_content", &R::masked_content, kMaskedContents, "what is under the mask at the beginning")
          .default_by(models, "original").with(mask).infotext("Masked content")
          .words({{"original", ""}, {"fill", "fill"}, {"noise", "latent noise"}, {"nothing", "latent nothing"}})
          .boolean("only_masked", &R::only_masked, "the mask and what is around it alone are drawn, at the full size")
          .with(mask).infotext("Inpaint area").words({{false, ""}, {true, "Only masked"}})
          .integer("only_masked_padding", &R::only_masked_padding, {0, 1024},
                   "how much around the mask is drawn with it, with only_masked", "pixels")
          .default_by(models, 32).with(mask).infotext("Masked area padding")
          .also("inpaint_full_res_padding")  // A1111
          .boolean("paste_back", &R::paste_back, "what the mask leaves alone is the picture's own, to the last bit")
          .default_by(models, true).with(mask);
  return table;
}

std::vector<std::string> names_by(std::initializer_list<DefaultBy> who) {
  std::vector<std::string> names;
  for (const RequestField& field : request_fields())
    if (std::find(who.begin(), who.end(), field.default_by) != who.end()) names.push_back(field.spec.name);
  return names;
}

}  // namespace

const std::vector<RequestField>& request_fields() { return rows().fields(); }

const RequestField& request_field(const std::string& name) {
  for (const RequestField& field : request_fields())
    if (field.spec.name == name) return field;
  throw std::out_of_range("no request field is called " + name);
}

const OptionTable<GenerateRequest>& generate_options() { return rows().options(); }

const std::vector<FieldAlias>& generate_aliases() {
  static const std::vector<FieldAlias> aliases = [] {
    std::vector<FieldAlias> all;
    for (const RequestField& field : request_fields())
      for (const std::string& alias : field.aliases) all.push_back({alias, field.spec.name});
    return all;
  }();
  return aliases;
}

const std::vector<std::string>& model_default_names() {
  static const auto names = names_by({DefaultBy::models, DefaultBy::anyone});
  return names;
}

const std::vector<std::string>& general_default_names() {
  static const auto names = names_by({DefaultBy::anyone});
  return names;
}

}  // namespace alice
