#include "server/front/http/sent_body.h"

#include <algorithm>

#include "core/base/picture_format.h"
#include "core/base/request_fields.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "server/front/http/api_error.h"
#include "server/front/http/base64.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/json_body.h"
#include "server/front/http/multipart.h"

namespace alice {
namespace {

constexpr const char* kRequest = "request";
constexpr const char *kImage = "image", *kImages = "images", *kImageUrl = "image_url";

bool is_picture_field(const std::string& name) {
  const auto& names = picture_fields();
  return std::find(names.begin(), names.end(), name) != names.end();
}

ApiError bad(const std::string& message) { return {400, to_string(ErrorCode::bad_request), message}; }

/// Nothing, and a fault, for what is no picture that is read.
std::optional<SentPicture> picture_of(std::string bytes, const std::string& place, Faults& faults) {
  if (!picture_format_of(bytes)) {
    faults.add(place, other_format_sentence(bytes));
    return std::nullopt;
  }
  SentPicture picture;
  picture.sha256 = sha256_of(bytes);
  picture.bytes = std::make_shared<const std::string>(std::move(bytes));
  return picture;
}

/// Keeps its bytes, and leaves its hash in the field; null when there is none.
void take_picture(const std::string& field, std::optional<SentPicture> picture, SentBody& body) {
  body.fields[field] = picture ? Json{{"sha256", picture->sha256}} : Json();
  if (picture) body.pictures.push_back(std::move(*picture));
}

/// {"image_url": "data:..."} becomes what is in it.
void take_out_url(Json& picture) {
  if (!picture.is_object() || picture.size() != 1 || !picture.contains(kImageUrl)) return;
  Json url = std::move(picture[kImageUrl]);
  picture = std::move(url);
}

/// Leaves one picture in each field.
void take_first(SentBody& body) {
  Json& fields = body.fields;
  if (const auto images = fields.find(kImages); images != fields.end()) {
    Json list = std::move(*images);
    fields.erase(images);
    if (fields.contains(kImage) && !list.is_null())
      body.faults.add(std::string("/") + kImages, "says the same as image; give one of them");
    else if (!list.is_null())
      fields[kImage] = std::move(list);
  }
  if (const auto image = fields.find(kImage); image != fields.end() && image->is_array() && !image->empty()) {
    for (size_t k = 1; k < image->size(); ++k) body.passed_over.push_back("image[" + std::to_string(k) + "]");
    Json first = std::move(image->front());
    *image = std::move(first);
  }
  for (const std::string& field : picture_fields())
    if (const auto picture = fields.find(field); picture != fields.end()) take_out_url(*picture);
}

SentBody read_json_fields(const std::string& text, Several several) {
  static const std::vector<std::string> with_lists = {kImage, "mask", kImages, kImageUrl};
  SentBody body;
  body.fields = read_json_body(text, several == Several::first ? with_lists : picture_fields());
  if (several == Several::first) take_first(body);
  for (const std::string& field : picture_fields()) {
    const auto value = body.fields.find(field);
    if (value == body.fields.end() || value->is_object() || value->is_null()) continue;
    if (value->is_string()) {
      const std::string encoded = std::move(value->get_ref<std::string&>());
      take_picture(field, read_sent_picture(encoded, "/" + field, body.faults), body);
      continue;
    }
    body.faults.add("/" + field, "must be a picture: a data URL, or its bytes in base64");
    *value = nullptr;
  }
  return body;
}

/// What a form says in letters, as JSON has it: numbers, true, lists and objects by what they are, but for fields that
/// are texts.
Json value_of(const std::string& name, std::string_view text) {
  static const std::vector<FieldRule> rules = in_both_spellings(generate_rules());
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const FieldRule& one) { return one.name == name; });
  const std::string field = rule == rules.end() || rule->means.empty() ? name : rule->means;
  const std::string valid = encode_utf8(decode_utf8(text));
  for (const RequestField& known : request_fields())
    if (known.spec.name == field && (known.spec.type == OptionType::text || known.spec.type == OptionType::choice))
      return valid;
  try {
    return parse_json(valid, "", ErrorCode::bad_request);
  } catch (const Error&) {
    return valid;  // of the wrong type: the field's own check says so
  }
}

void add_field(const std::string& name, Json value, SentBody& body) {
  if (body.fields.contains(name)) throw bad("the body says '" + brief(name, 64) + "' twice");
  body.fields[name] = std::move(value);
}

/// A file, or what JSON would hold.
void take_picture_part(const std::string& field, const FormPart& part, SentBody& body) {
  add_field(field, nullptr, body);
  const bool is_text = part.file_name.empty() && !picture_format_of(part.bytes);
  const std::string place = "/" + field;
  take_picture(field,
               is_text ? read_sent_picture(part.bytes, place, body.faults)
                       : picture_of(std::string(part.bytes), place, body.faults),
               body);
}

SentBody read_form(const std::string& text, const std::string& content_type, Several several) {
  SentBody body;
  for (const FormPart& part : read_multipart(text, content_type)) {
    const std::string field = ends_with(part.name, "[]") ? part.name.substr(0, part.name.size() - 2) : part.name;
    if (several == Several::first && field == kImage && body.fields.contains(kImage)) {
      body.passed_over.push_back("image[" + std::to_string(body.passed_over.size() + 1) + "]");
    } else if (is_picture_field(field)) {
      take_picture_part(field, part, body);
    } else if (part.name == kRequest) {
      SentBody more = read_json_fields(std::string(part.bytes), several);
      for (const auto& [name, value] : more.fields.items()) add_field(name, value, body);
      for (SentPicture& picture : more.pictures) body.pictures.push_back(std::move(picture));
      for (const Fault& fault : more.faults.list()) body.faults.add(fault.place, fault.sentence);
    } else {
      if (part.bytes.size() > kLongestString)
        throw bad("the part '" + brief(part.name, 64) +
                  "' of the body has more than 600,000 bytes; no field takes so many");
      add_field(part.name, value_of(part.name, part.bytes), body);
    }
  }
  return body;
}

}  // namespace

const std::vector<std::string>& picture_fields() {
  static const std::vector<std::string> names = {"image", "mask"};
  return names;
}

std::optional<SentPicture> read_sent_picture(std::string_view text, const std::string& place, Faults& faults) {
  const auto refuse = [&](const char* sentence) {
    faults.add(place, sentence);
    return std::nullopt;
  };
  if (starts_with(text, "http:") || starts_with(text, "https:"))
    return refuse("is an address; nothing is fetched from elsewhere: send the picture's bytes");
  if (starts_with(text, "data:")) {
    const size_t comma = text.find(',');
    if (comma == text.npos || !ends_with(text.substr(0, comma), ";base64"))
      return refuse("is a data URL without ;base64, before its bytes");
    text.remove_prefix(comma + 1);
  }
  auto bytes = from_base64(text);
  if (!bytes) return refuse("is no base64: it must be a data URL, or a picture's bytes in base64");
  return picture_of(std::move(*bytes), place, faults);
}

SentBody read_sent_body(const std::string& body, const std::string& content_type, Several several) {
  return is_multipart(content_type) ? read_form(body, content_type, several) : read_json_fields(body, several);
}

}  // namespace alice
