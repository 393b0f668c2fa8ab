#include "server/front/http/doors/a1111/request_fields.h"

#include <algorithm>
#include <array>

#include "core/base/request_fields.h"
#include "core/base/utf8.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/doors/a1111/field_table.h"
#include "server/front/http/doors/a1111/sent_picture.h"
#include "server/front/http/headers.h"
#include "server/front/http/json_body.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/schema_parts.h"

namespace alice::a1111 {
namespace {

constexpr const char *kCheckpoint = "sd_model_checkpoint", *kClipLayer = "CLIP_stop_at_last_layers";

/// Asks for nothing.
bool is_neutral(const Json& value, const Json& usual) {
  if (value == usual || value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return unless_none(value.get<std::string>()).empty();
  return value.empty();
}

/// "alwayson_scripts: is not built here (Some Script)".
std::string in_vain(const std::string& name, const Json& value) {
  std::string which;
  if (value.is_object())
    for (const auto& one : value.items()) which += (which.empty() ? "" : ", ") + brief(one.key(), 64);
  return name + ": is not built here, and was passed over" + (which.empty() ? "" : " (" + which + ")");
}

/// "20" for a number, as A1111's own reader takes it.
Json as_number(const Json& value) {
  if (!value.is_string()) return value;
  const Json number = Json::parse(value.get_ref<const std::string&>(), nullptr, /*allow_exceptions=*/false);
  return number.is_number() ? number : value;
}

bool is_number(const OptionSpec& spec) { return spec.type == OptionType::integer || spec.type == OptionType::number; }

/// What A1111 takes for yes and no, and for 0 and 1, alike.
Json as_declared(const Json& value, const OptionSpec& spec) {
  if (is_number(spec)) return value.is_boolean() ? Json(value.get<bool>() ? 1 : 0) : as_number(value);
  const bool is_bit = value.is_number_integer() && (value == 0 || value == 1);
  return spec.type == OptionType::boolean && is_bit ? Json(value == 1) : value;
}

class Reader {
 public:
  explicit Reader(Form form) : form_(form) {}

  void sort(Json& body);
  AskedPictures asked();

 private:
  void take(const Field& field, const Json& value);
  void take_override(const std::string& name, const Json& value);
  void take_overrides(const Json& overrides);
  void take_pictures(Json& body);
  void set(const std::string& name, Json value, const std::string& place);
  void settle(const FormDoor& door);
  int64_t pictures_of(const FormDoor& door);

  const Form form_;
  DoorFields fields_;
  Faults faults_;
  AskedPictures asked_;
};

void Reader::set(const std::string& name, Json value, const std::string& place) {
  fields_.generate[name] = std::move(value);
  fields_.places[name] = place;
}

void Reader::take(const Field& field, const Json& value) {
  const std::string name = field.name;
  switch (field.use) {
    case Use::setting:
      return set(field.means, as_declared(value, request_field(field.means).spec), "/" + name);
    case Use::door:
      for (const OptionSpec& spec : form_door_options().specs())
        if (spec.name == name) fields_.door[name] = as_declared(value, spec);
      fields_.places[name] = "/" + name;
      return;
    case Use::vain:
      if (!is_neutral(value, field.usual)) asked_.warnings.push_back(in_vain(name, value));
      return;
    case Use::quiet: return;
  }
}

void Reader::take_override(const std::string& name, const Json& value) {
  const std::string place = "/override_settings/" + name;
  if (name == kCheckpoint && value.is_string()) {
    asked_.checkpoint = value.get<std::string>(), asked_.checkpoint_param = pointer_to_param(place);
  } else if (name == kCheckpoint) {
    faults_.add(place, "must be a checkpoint's title");
  } else if (name == kClipLayer) {
    fields_.door["clip_skip"] = as_number(value), fields_.places["clip_skip"] = place;
  } else if (!is_neutral(value, "png")) {
    asked_.warnings.push_back("override_settings." + brief(name, 64) + ": has no effect here");
  }
}

void Reader::take_overrides(const Json& overrides) {
  if (!overrides.is_object()) return faults_.add("/override_settings", "must be an object");
  for (const auto& [name, value] : overrides.items())
    if (!value.is_null()) take_override(name, value);
}

/// A1111 takes one: what else stands in the list makes a picture each of a batch there.
void Reader::take_pictures(Json& body) {
  Json list = std::move(body["init_images"]);
  if (list.is_string()) list = Json::array({std::move(list)});
  if (!list.is_array() || list.empty() || list[0].is_null()) {
    faults_.add("/init_images", "must be a list with a picture: its bytes in base64, or a data URL");
  } else {
    if (list.size() > 1) asked_.warnings.push_back("init_images: the first picture is used alone");
    take_sent_picture(list[0], "/init_images/0", "image", fields_, asked_.job.sent, faults_);
  }
  Json mask = std::move(body["mask"]);
  if (mask.is_null() || mask == Json("")) return;
  take_sent_picture(mask, "/mask", "mask", fields_, asked_.job.sent, faults_);
  set("mask_from", "white", "/mask");
}

void Reader::sort(Json& body) {
  for (const Field& field : fields_of(form_)) asked_.parameters[field.name] = field.usual;
  if (const auto overrides = body.find("override_settings"); overrides != body.end() && !overrides->is_null())
    take_overrides(*overrides);
  if (form_ == Form::image_to_image) take_pictures(body);
  for (const Field& field : fields_of(form_)) {
    const auto value = body.find(field.name);
    if (value == body.end() || value->is_null()) continue;
    const bool is_told = std::string(field.name) == "clip_skip" && fields_.door.contains("clip_skip");
    if (!is_told) take(field, *value);
    if (field.is_told) asked_.parameters[field.name] = *value;
  }
}

/// A1111 makes n_iter batches of batch_size, the seeds in a row: for us these are so many pictures.
int64_t Reader::pictures_of(const FormDoor& door) {
  constexpr int64_t kMost = 100;
  const int64_t batch_size = door.batch_size.value_or(1), batches = door.n_iter.value_or(1);
  if (batch_size * batches > kMost)
    faults_.add(batches > 1 ? "/n_iter" : "/batch_size", "asks for " + std::to_string(batch_size * batches) +
                                                             " pictures; at most " + std::to_string(kMost) +
                                                             " are made at once");
  asked_.batch_size = batch_size;
  return std::min(batch_size * batches, kMost);
}

void Reader::settle(const FormDoor& door) {
  constexpr std::array<const char*, 4> kFillings = {"fill", "original", "noise", "nothing"};
  constexpr std::array<const char*, 4> kResizes = {"stretch", "crop", "fill", "stretch"};
  constexpr size_t kInLatents = 3;
  const auto place = [&](const char* name) { return "/" + std::string(name); };
  set("n", pictures_of(door), fields_.places.count("batch_size") > 0 ? place("batch_size") : place("n_iter"));
  if (door.clip_skip)  // A1111 counts from 1, and has 0 for what is not said
    set("clip_skip", std::max<int64_t>(*door.clip_skip - request_field("clip_skip").infotext_from, 0),
        fields_.places["clip_skip"]);
  if (door.inpainting_fill)
    set("masked_content", kFillings.at(static_cast<size_t>(*door.inpainting_fill)), place("inpainting_fill"));
  if (door.resize_mode) set("resize", kResizes.at(static_cast<size_t>(*door.resize_mode)), place("resize_mode"));
  if (door.resize_mode == kInLatents)
    asked_.warnings.push_back("resize_mode: latents are not resized; the picture is, each side by itself");
  if (door.inpainting_mask_invert)
    set("mask_invert", *door.inpainting_mask_invert != 0, place("inpainting_mask_invert"));
  if (door.mask_blur_x && door.mask_blur_y && !fields_.generate.contains("mask_blur"))
    set("mask_blur", (*door.mask_blur_x + *door.mask_blur_y) / 2, place("mask_blur_x"));
  asked_.send_images = door.send_images.value_or(true);
  asked_.sampler = door.sampler_name.value_or(""), asked_.sampler_param = "sampler_name";
  if (asked_.sampler.empty()) asked_.sampler = door.sampler_index.value_or(""), asked_.sampler_param = "sampler_index";
  asked_.spacing = door.scheduler.value_or("");
  asked_.refiner = unless_none(door.refiner_checkpoint.value_or(""));
  if (asked_.checkpoint.empty()) asked_.checkpoint = door.model.value_or(""), asked_.checkpoint_param = "model";
}

AskedPictures Reader::asked() {
  settle(form_door_options().read(fields_.door, UnknownKeys::pass_over, fields_.place_of(), faults_));
  asked_.job.generate = read_generate_fields(fields_, faults_);
  fields_.throw_if_any(faults_);
  if (form_ == Form::image_to_image) fields_.places.emplace("image", "/init_images/0");
  asked_.param_of = fields_.param_of();
  return std::move(asked_);
}

}  // namespace

std::string unless_none(const std::string& name) {
  const bool is_none = same_ignoring_case(name, "None") || same_ignoring_case(name, "Automatic") ||
                       same_ignoring_case(name, "Use same sampler") || same_ignoring_case(name, "Use same checkpoint");
  return is_none ? "" : name;
}

AskedPictures read_asked(const std::string& text, Form form) {
  Json body = read_json_body(text, long_fields());
  Reader reader(form);
  reader.sort(body);
  return reader.asked();
}

Json asked_schema(Form form) {
  const Json settings = option_schemas(generate_options()), door = option_schemas(form_door_options());
  Json properties = Json::object();
  for (const Field& field : fields_of(form)) {
    if (field.use == Use::setting)
      properties[field.name] = settings.at(field.means);
    else if (field.use == Use::door && door.contains(field.name))
      properties[field.name] = door.at(field.name);
    else if (field.use == Use::vain)
      properties[field.name] = {{"description", "is not built: a warning says so where it asks for something"}};
    else
      properties[field.name] = Json::object();
  }
  properties["override_settings"] = {{"type", Json::array({"object", "null"})},
                                     {"description", "sd_model_checkpoint and CLIP_stop_at_last_layers count"}};
  if (form == Form::image_to_image)
    properties["init_images"] = list_of(schema_of("string"), "the first picture: base64, or a data URL");
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", true}};
}

}  // namespace alice::a1111
