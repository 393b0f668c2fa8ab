#include "server/front/http/picture_answer.h"

#include <algorithm>

#include "core/base/picture_format.h"
#include "server/front/http/kept_text.h"
#include "server/front/http/reply_parts.h"

namespace alice {
namespace {

constexpr size_t kIdDigits = 32;

/// "0192f0..-0.png": a job's id, the picture's index, and how its format's names end. Nothing else ever becomes part of
/// a path.
bool is_picture_name(const std::string& file) {
  const auto format = picture_format_named(file);
  const std::string_view end_of_name = format ? extension_of(*format) : "?";
  const size_t least = kIdDigits + 2 + end_of_name.size(), most = kIdDigits + 4 + end_of_name.size();
  if (file.size() < least || file.size() > most) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_hex = [&](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  const auto index = file.begin() + kIdDigits + 1, end = file.end() - static_cast<std::ptrdiff_t>(end_of_name.size());
  return std::all_of(file.begin(), file.begin() + kIdDigits, is_hex) && file[kIdDigits] == '-' &&
         std::all_of(index, end, is_digit) && std::equal(end, file.end(), end_of_name.begin(), end_of_name.end());
}

void send_picture(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, const PictureFile& picture) {
  if (picture.removed_ms.has_value())
    throw ApiError(410, "gone",
                   "this picture was removed, as the server's configuration says how long pictures are kept; its job "
                   "tells when, and the settings that make it again: GET /v1/jobs/" +
                       picture.file.substr(0, kIdDigits));
  const std::string etag = "\"" + picture.sha256 + "\"";
  const int64_t signed_for_s = exchange->caller().signed_for_s;
  Headers headers = {{"ETag", etag}};
  if (signed_for_s > 0)  // for this client, and no longer than its URL
    headers.insert(headers.end(), {{"Cache-Control", "private, max-age=" + std::to_string(signed_for_s)},
                                   {"Referrer-Policy", "no-referrer"}});
  else
    headers.emplace_back("Cache-Control", "private, max-age=31536000, immutable");
  const std::filesystem::path path = context.config.images_directory / picture.file;
  if (!std::filesystem::exists(path)) throw ApiError(404, "not_found", "the picture's file is not there any more");
  if (is_known_to_client(exchange->request(), etag)) return exchange->send(304, std::move(headers), "");
  const PictureFormat format = picture_format_named(picture.file).value_or(PictureFormat::png);
  headers.insert(headers.end(), {{"Content-Type", content_type_of(format)},
                                 {"Content-Disposition", "inline; filename=\"" + picture.file + "\""},
                                 {"Cross-Origin-Resource-Policy", context.guard.resource_policy()},
                                 {"Content-Security-Policy", "default-src 'none'; sandbox"}});
  ReplyPart file;
  file.file = path;
  send_parts(exchange, 200, std::move(headers), {file});
}

}  // namespace

void answer_picture(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& file) {
  if (!is_picture_name(file)) throw ApiError(404, "not_found", "there is no picture of that name");
  const auto reply = [&context](const std::shared_ptr<Exchange>& waiting, const PictureFile& picture) {
    send_picture(context, waiting, picture);
  };
  context.jobs.find_picture(file, exchange->caller().viewer(), answering<PictureFile>(context, exchange, reply));
}

}  // namespace alice
