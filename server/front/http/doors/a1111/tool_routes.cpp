// png-info reads the settings out of a picture. What else A1111 does with pictures is not built, and says so.

#include "core/base/infotext.h"
#include "core/base/picture_format.h"
#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/doors/a1111/png_text.h"
#include "server/front/http/doors/a1111/request_fields.h"
#include "server/front/http/doors/a1111/sent_picture.h"
#include "server/front/http/doors/a1111/field_table.h"
#include "server/front/http/request_body.h"
#include "server/front/http/schema_parts.h"

namespace alice::a1111 {
namespace {

/// Throws ApiError 400.
Json read_settings(const std::string& text) {
  const Json body = read_json_body(text, long_fields());
  Json answer = {{"info", ""}, {"items", Json::object()}, {"parameters", Json::object()}, {"warnings", Json::array()}};
  const Json value = body.value("image", Json());
  if (value == Json("")) return answer;  // as A1111 has it
  Faults faults;
  const std::string bytes = read_picture_text(value, "/image", faults);
  if (faults.empty() && !picture_format_of(bytes)) faults.add("/image", other_format_sentence(bytes));
  throw_if_any(faults);
  if (picture_format_of(bytes) != PictureFormat::png)
    answer["warnings"].push_back("image: settings are read from PNG files alone");
  const PngTexts found = read_png_texts(bytes);
  for (const auto& [keyword, words] : found.texts) answer["items"][keyword] = words;
  for (const std::string& keyword : found.compressed)
    answer["warnings"].push_back("image: the text '" + keyword + "' is compressed, and was not read");
  const std::string info = found.text(kSettingsKeyword);
  answer["items"].erase(kSettingsKeyword);
  answer["info"] = info;
  for (const auto& [name, words] : infotext_words(info)) answer["parameters"][name] = words;
  return answer;
}

void answer_settings(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_text_body<Json>(door->context, exchange, read_settings,
                       [](const auto& waiting, const Json& answer) { waiting->send_json(200, answer); });
}

Route refused(const char* method, const char* pattern, const char* id, const char* sentence) {
  return a1111_route(
      method, pattern, Access::guarded,
      [sentence](const auto&) { throw ApiError(400, to_string(ErrorCode::unsupported), sentence); },
      {id, "is not built", "Nothing"});
}

Json picture_schema() {
  return object_of({{"image", schema_of("string", "a PNG: its bytes in base64, or a data URL")}});
}

}  // namespace

std::vector<Route> tool_routes(const SharedDoor& door) {
  Operation info = {"a1111PngInfo", "the settings that a picture bears", "A1111PngInfo"};
  info.body = picture_schema;
  Route png_info = a1111_route("POST", "/sdapi/v1/png-info", Access::guarded,
                               [door](const auto& exchange) { answer_settings(door, exchange); }, info);
  std::vector<Route> routes = {
      png_info,
      refused("POST", "/sdapi/v1/interrogate", "a1111Interrogate",
              "pictures are not described here: this server has no model that does it"),
      refused("POST", "/sdapi/v1/extra-single-image", "a1111ExtraSingleImage",
              "pictures are not upscaled and faces are not restored here; POST /sdapi/v1/img2img makes a picture anew, "
              "at any size that the model makes"),
      refused("POST", "/sdapi/v1/extra-batch-images", "a1111ExtraBatchImages",
              "pictures are not upscaled and faces are not restored here; POST /sdapi/v1/img2img makes a picture anew, "
              "at any size that the model makes")};
  for (Route& route : routes) route.body_limit = kPicturesBody;
  return routes;
}

}  // namespace alice::a1111
