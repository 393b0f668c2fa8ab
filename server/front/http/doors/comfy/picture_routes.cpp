// Pictures out and in, by their names: nothing of a name ever becomes part of a path.

#include <algorithm>

#include "core/base/picture_format.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "server/front/http/doors/comfy/comfy_door.h"
#include "server/front/http/http_syntax.h"
#include "server/front/http/multipart.h"
#include "server/front/http/picture_answer.h"
#include "server/front/http/request_body.h"
#include "server/front/http/schema_parts.h"

namespace alice::comfy {
namespace {

constexpr size_t kLongestName = 200;  // bytes

ApiError bad(const std::string& message, const std::string& param) {
  return {400, to_string(ErrorCode::bad_request), param + ": " + message, param};
}

std::string from_query(const HttpRequest& request, const char* name, const char* usual) {
  for (const auto& [key, value] : request.query)
    if (key == name) return value;
  return usual;
}

/// A name is one part, without what would lead elsewhere or hide.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return c == '/' || c == '\\' || is_control(static_cast<unsigned char>(c));
         });
}

/// "" or folders' names.
bool is_plain_folder(const std::string& folder) {
  size_t from = 0;
  while (!folder.empty() && from <= folder.size()) {
    const size_t end = std::min(folder.find('/', from), folder.size());
    if (!is_plain_name(folder.substr(from, end - from))) return false;
    from = end + 1;
  }
  return folder.size() <= kLongestName;
}

void send_upload(const SharedDoor& door, Exchange& exchange, const std::string& name) {
  const SentPicture picture = door->uploads.find(caller_of(exchange), name);
  if (picture.bytes == nullptr) throw ApiError(404, "not_found", "there is no picture of that name", "filename");
  const auto format = picture_format_of(*picture.bytes);
  exchange.send(200,
                {{"Content-Type", format ? content_type_of(*format) : "application/octet-stream"},
                 {"Cache-Control", "no-store"},
                 {"Content-Security-Policy", "default-src 'none'; sandbox"}},
                *picture.bytes);
}

/// preview and channel ask for another form of the picture; it is sent as it is.
void view(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const std::string name = from_query(request, "filename", ""), folder = from_query(request, "subfolder", ""),
                    type = from_query(request, "type", "output");
  if (!is_plain_name(name)) throw bad("must be a picture's name", "filename");
  if (!is_plain_folder(folder)) throw bad("must be a folder's name, or nothing", "subfolder");
  if (type == "input") return send_upload(door, *exchange, folder.empty() ? name : folder + "/" + name);
  if (type != "output" && type != "temp") throw bad("must be output, temp or input", "type");
  if (!folder.empty()) throw ApiError(404, "not_found", "there is no picture in that folder", "subfolder");
  answer_picture(door->context, exchange, name);
}

struct Upload {
  std::string name, folder;
  SentPicture picture;
  bool overwrite = false;
};

/// Of a file's name what stands behind its folders, which some clients send.
std::string last_part(const std::string& name) { return name.substr(name.find_last_of("/\\") + 1); }

Upload read_upload(const std::string& body, const std::string& type) {
  if (!is_multipart(type))
    throw ApiError(415, "unsupported_media_type", "the body must be multipart/form-data with the file image");
  Upload upload;
  for (const FormPart& part : read_multipart(body, type)) {
    const std::string text = encode_utf8(decode_utf8(part.bytes.substr(0, kLongestName + 1)));
    if (part.name == "image") {
      if (!picture_format_of(part.bytes)) throw bad(other_format_sentence(part.bytes), "image");
      std::string bytes(part.bytes);
      upload.picture.sha256 = sha256_of(bytes);
      upload.picture.bytes = std::make_shared<const std::string>(std::move(bytes));
      upload.name = last_part(encode_utf8(decode_utf8(part.file_name)));
    } else if (part.name == "overwrite") {
      upload.overwrite = text == "true" || text == "1";
    } else if (part.name == "subfolder") {
      upload.folder = text;
    } else if (part.name == "type" && text != "input" && !text.empty()) {
      throw bad("must be input: pictures are brought for prompts alone", "type");
    }
  }
  if (upload.picture.bytes == nullptr) throw bad("is missing: it must be a picture's file", "image");
  if (!is_plain_name(upload.name)) throw bad("must have a file's name of at most 200 bytes", "image");
  if (!is_plain_folder(upload.folder)) throw bad("must be folders' names, or nothing", "subfolder");
  return upload;
}

void keep(const SharedDoor& door, Exchange& exchange, Upload upload) {
  const std::string place = upload.folder.empty() ? upload.name : upload.folder + "/" + upload.name;
  const std::string kept =
      door->uploads.keep(caller_of(exchange), place, std::move(upload.picture), upload.overwrite);
  exchange.send_json(200, {{"name", last_part(kept)}, {"subfolder", upload.folder}, {"type", "input"}});
}

Json upload_schema() {
  return {{"type", "object"},
          {"properties",
           {{"image", schema_of("string", "the file")},
            {"overwrite", schema_of("string", "true: in place of another one of that name")},
            {"subfolder", schema_of("string", "a part of its name in prompts")},
            {"type", schema_of("string", "input")}}},
          {"required", {"image"}}};
}

Json view_parameters() {
  const auto parameter = [](const char* name, bool is_required, const char* what) {
    return Json{{"name", name},
                {"in", "query"},
                {"required", is_required},
                {"description", what},
                {"schema", {{"type", "string"}}}};
  };
  return Json::array({parameter("filename", true, "as /history tells it"),
                      parameter("subfolder", false, "of an upload"),
                      parameter("type", false, "output, temp or input"),
                      parameter("preview", false, "passed over: the picture is sent as it is"),
                      parameter("channel", false, "passed over")});
}

}  // namespace

std::vector<Route> picture_routes(const SharedDoor& door) {
  Operation of_view = {"comfyView", "a picture, by its name", "PictureBytes", {}, 200, "image/png"};
  of_view.query = view_parameters();
  Route upload = {"POST",
                  "/upload/image",
                  Access::guarded,
                  [door](const auto& exchange) {
                    const std::string* type = exchange->request().header("Content-Type");
                    read_text_body<Upload>(
                        door->context, exchange,
                        [type = type == nullptr ? "" : *type](const std::string& body) {
                          return read_upload(body, type);
                        },
                        [door](const auto& waiting, Upload read) { keep(door, *waiting, std::move(read)); });
                  },
                  {"comfyUpload", "bring a picture that a prompt names", "ComfyUpload", upload_schema},
                  kPicturesBody};
  upload.takes_forms = upload.operation.is_form_alone = true;
  return {{"GET", "/view", Access::guarded, [door](const auto& exchange) { view(door, exchange); }, of_view}, upload};
}

}  // namespace alice::comfy
