#include "server/front/http/doors/a1111/field_table.h"

namespace alice::a1111 {
namespace {

std::vector<Field> common_fields() {
  return {{"prompt", "", Use::setting, "prompt"},
          {"negative_prompt", "", Use::setting, "negative_prompt"},
          {"steps", 50, Use::setting, "steps"},
          {"cfg_scale", 7.0, Use::setting, "guidance_scale"},
          {"width", 512, Use::setting, "width"},
          {"height", 512, Use::setting, "height"},
          {"seed", -1, Use::setting, "seed"},
          {"refiner_switch_at", nullptr, Use::setting, "refiner_start"},
          {"refiner_checkpoint", nullptr, Use::door},
          {"batch_size", 1, Use::door},
          {"n_iter", 1, Use::door},
          {"sampler_name", nullptr, Use::door},
          {"sampler_index", nullptr, Use::door},
          {"scheduler", nullptr, Use::door},
          {"clip_skip", nullptr, Use::door},  // SillyTavern's, beside override_settings
          {"model", nullptr, Use::door},      // stable-diffusion.cpp's
          {"send_images", true, Use::door},
          {"override_settings", nullptr, Use::quiet},  // read apart
          {"override_settings_restore_afterwards", true, Use::quiet},
          {"save_images", false, Use::quiet},  // the server keeps every picture, as its configuration says
          {"do_not_save_samples", false, Use::quiet},
          {"do_not_save_grid", false, Use::quiet},
          {"subseed", -1, Use::quiet},
          {"subseed_strength", 0, Use::vain},
          {"seed_resize_from_h", -1, Use::vain},
          {"seed_resize_from_w", -1, Use::vain},
          {"styles", nullptr, Use::vain},
          {"restore_faces", nullptr, Use::vain},
          {"tiling", nullptr, Use::vain},
          {"eta", 1, Use::vain},
          {"s_min_uncond", nullptr, Use::vain},
          {"s_churn", nullptr, Use::vain},
          {"s_tmax", nullptr, Use::vain},
          {"s_tmin", nullptr, Use::vain},
          {"s_noise", 1, Use::vain},
          {"disable_extra_networks", false, Use::vain},
          {"script_name", nullptr, Use::vain},
          {"script_args", Json::array(), Use::quiet},
          {"alwayson_scripts", Json::object(), Use::vain, "", false},
          {"infotext", nullptr, Use::vain},
          {"comments", nullptr, Use::quiet},
          {"force_task_id", nullptr, Use::quiet}};
}

std::vector<Field> text_to_image_fields() {
  std::vector<Field> fields = common_fields();
  fields.insert(fields.end(), {{"enable_hr", false, Use::vain},
                               {"denoising_strength", nullptr, Use::quiet},  // of enable_hr
                               {"firstphase_width", 0, Use::quiet},
                               {"firstphase_height", 0, Use::quiet},
                               {"hr_scale", 2.0, Use::quiet},
                               {"hr_upscaler", nullptr, Use::quiet},
                               {"hr_second_pass_steps", 0, Use::quiet},
                               {"hr_resize_x", 0, Use::quiet},
                               {"hr_resize_y", 0, Use::quiet},
                               {"hr_checkpoint_name", nullptr, Use::quiet},
                               {"hr_sampler_name", nullptr, Use::quiet},
                               {"hr_scheduler", nullptr, Use::quiet},
                               {"hr_prompt", "", Use::quiet},
                               {"hr_negative_prompt", "", Use::quiet},
                               {"hr_additional_modules", nullptr, Use::quiet},
                               {"firstpass_image", nullptr, Use::vain, "", false}});
  return fields;
}

std::vector<Field> image_to_image_fields() {
  std::vector<Field> fields = common_fields();
  fields.insert(fields.end(), {{"denoising_strength", 0.75, Use::setting, "strength"},
                               {"init_images", nullptr, Use::quiet, "", false},  // read apart, as the mask is
                               {"mask", nullptr, Use::quiet, "", false},
                               {"image_cfg_scale", nullptr, Use::setting, "image_guidance_scale"},
                               {"mask_blur", nullptr, Use::setting, "mask_blur"},
                               {"mask_blur_x", 4, Use::door},
                               {"mask_blur_y", 4, Use::door},
                               {"mask_round", true, Use::quiet},
                               {"resize_mode", 0, Use::door},
                               {"inpainting_fill", 0, Use::door},
                               {"inpaint_full_res", true, Use::setting, "only_masked"},
                               {"inpaint_full_res_padding", 0, Use::setting, "only_masked_padding"},
                               {"inpainting_mask_invert", 0, Use::door},
                               {"initial_noise_multiplier", 1, Use::vain},
                               {"latent_mask", nullptr, Use::vain, "", false},
                               {"include_init_images", false, Use::quiet}});
  return fields;
}

}  // namespace

const std::vector<Field>& fields_of(Form form) {
  static const std::vector<Field> of_text = text_to_image_fields(), of_image = image_to_image_fields();
  return form == Form::text_to_image ? of_text : of_image;
}

const std::vector<std::string>& long_fields() {
  static const std::vector<std::string> names = {"init_images", "mask",  "latent_mask", "firstpass_image",
                                                 "image",       "input_image"};
  return names;
}

const OptionTable<FormDoor>& form_door_options() {
  using D = FormDoor;
  static const auto table =
      OptionTable<D>()
          .integer("batch_size", &D::batch_size, {1, 100}, "pictures in one go")
          .integer("n_iter", &D::n_iter, {1, 100}, "how often")
          .integer("clip_skip", &D::clip_skip, {0, 101}, "the text encoder's layer that counts, from the last one, 1")
          .integer("inpainting_fill", &D::inpainting_fill, {0, 3},
                   "what is under the mask at the beginning: 0 its surroundings, 1 the picture, 2 noise, 3 nothing")
          .integer("resize_mode", &D::resize_mode, {0, 3},
                   "0: each side by itself; 1: cut evenly; 2: within, edges repeated; 3: as 0")
          .integer("inpainting_mask_invert", &D::inpainting_mask_invert, {0, 1},
                   "1: everything but the mask is made anew")
          .number("mask_blur_x", &D::mask_blur_x, {0, 64}, "how softly the mask ends", "pixels")
          .number("mask_blur_y", &D::mask_blur_y, {0, 64}, "the mean of the two counts", "pixels")
          .text("sampler_name", &D::sampler_name, "as GET /sdapi/v1/samplers lists them, or with a scheduler behind it")
          .text("sampler_index", &D::sampler_index, "the same")
          .text("scheduler", &D::scheduler, "as GET /sdapi/v1/schedulers lists them")
          .text("model", &D::model, "a checkpoint; override_settings.sd_model_checkpoint counts more")
          .text("refiner_checkpoint", &D::refiner_checkpoint, "the checkpoint that makes the last steps")
          .boolean("send_images", &D::send_images, "false: images is empty");
  return table;
}

}  // namespace alice::a1111
