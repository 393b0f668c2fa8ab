#include "server/front/http/doors/openai/images_answer.h"

#include <map>

#include "core/base/utf8.h"
#include "server/front/http/base64.h"
#include "server/front/http/event_stream.h"
#include "server/front/http/job_json.h"
#include "server/front/http/reply_parts.h"

namespace alice {
namespace {

constexpr size_t kMostWarned = 4000;  // bytes of a header
constexpr const char* kBackground = "opaque";

/// Nothing here is counted in tokens; clients want the numbers to be there.
Json no_usage() {
  const Json details = {{"image_tokens", 0}, {"text_tokens", 0}};
  return {{"input_tokens", 0}, {"input_tokens_details", details}, {"output_tokens", 0}, {"total_tokens", 0}};
}

std::string size_of(const PictureFile& picture) {
  return std::to_string(picture.width) + "x" + std::to_string(picture.height);
}

Json warnings_of(const Job& job, const ImagesRequest& request) {
  return all_warnings(request.warnings, job.warnings, request.param_of);
}

/// The answer but for its "data".
Json envelope(const Job& job, const ImagesRequest& request) {
  return {{"created", job.finished_ms.value_or(job.created_ms) / 1000},
          {"output_format", to_string(request.format)},
          {"size", size_of(job.pictures.at(0))},
          {"quality", request.door.quality},
          {"background", kBackground},
          {"usage", no_usage()},
          {"job", job.id},
          {"settings", job.settings},
          {"warnings", warnings_of(job, request)}};
}

std::string in_ascii(const Json& warnings) {
  return brief(warnings.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace), kMostWarned);
}

// --- events

const char* family_of(const ImagesRequest& request) {
  return request.kind == ImagesKind::edit ? "image_edit" : "image_generation";
}

/// Of a PNG, as its first chunk has it (PNG specification, 11.2.2); "auto" of what is none.
std::string size_of_png(const std::string& bytes) {
  constexpr size_t kWidth = 16, kHeight = 20, kEnd = 24;
  if (bytes.size() < kEnd || bytes.compare(12, 4, "IHDR") != 0) return "auto";
  const auto number_at = [&](size_t at) {
    uint32_t number = 0;
    for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return std::to_string(number);
  };
  return number_at(kWidth) + "x" + number_at(kHeight);
}

/// What both kinds of events have.
Json event_of(const std::string& type, const std::string& size, int64_t image, const std::string& quality) {
  return {{"type", type},
          {"created_at", now_ms() / 1000},
          {"size", size},
          {"quality", quality},
          {"background", kBackground},
          {"image", image}};
}

std::string partial_event(const JobEvent& preview, int64_t index, const ImagesRequest& request) {
  const std::string type = std::string(family_of(request)) + ".partial_image";
  Json event = event_of(type, size_of_png(preview.png), preview.image, request.door.quality);
  event["partial_image_index"] = index;
  event["output_format"] = "png";
  event["b64_json"] = to_base64(preview.png);
  return event_text(type, dump_json(event));
}

/// The picture goes from its file into the event, so the JSON around it is laid by hand.
std::vector<ReplyPart> completed_events(const Job& job, const ImagesRequest& request,
                                        const std::filesystem::path& folder) {
  const std::string type = std::string(family_of(request)) + ".completed", begin = "event: " + type + "\ndata: ";
  std::vector<ReplyPart> parts;
  for (const PictureFile& picture : job.pictures) {
    Json event = event_of(type, size_of(picture), picture.index, request.door.quality);
    event["output_format"] = to_string(request.format);
    event["usage"] = no_usage();
    event["seed"] = picture.seed;
    event["job"] = job.id;
    event["warnings"] = warnings_of(job, request);
    std::string text = dump_json(event);
    text.back() = ',';
    parts.push_back({begin + text + "\"b64_json\":\"", {}, false});
    parts.push_back({"", folder / picture.file, true});
    parts.push_back({"\"}\n\n", {}, false});
  }
  return parts;
}

}  // namespace

void send_urls(Exchange& exchange, const Job& job, const ImagesRequest& request, const PictureUrls& urls) {
  Json body = envelope(job, request);
  body["data"] = Json::array();
  for (const PictureFile& picture : job.pictures)
    body["data"].push_back({{"url", picture_url(urls, picture)}, {"seed", picture.seed}});
  exchange.send_json(200, body);
}

void send_base64(const std::shared_ptr<Exchange>& exchange, const Job& job, const ImagesRequest& request,
                 const std::filesystem::path& folder) {
  std::string text = dump_json(envelope(job, request));
  text.back() = ',';
  text += "\"data\":[";
  std::vector<ReplyPart> parts;
  for (const PictureFile& picture : job.pictures) {
    parts.push_back({text + "{\"seed\":" + std::to_string(picture.seed) + ",\"b64_json\":\"", {}, false});
    parts.push_back({"", folder / picture.file, true});
    text = "\"},";
  }
  parts.push_back({"\"}]}", {}, false});
  send_own_parts(exchange, 200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                 std::move(parts));
}

void send_picture(const std::shared_ptr<Exchange>& exchange, const Job& job, const ImagesRequest& request,
                  const std::filesystem::path& folder) {
  Headers headers = {{"Content-Type", content_type_of(request.format)},
                     {"Cache-Control", "no-store"},
                     {"Vary", "Accept"},
                     {"Content-Security-Policy", "default-src 'none'; sandbox"}};
  if (const Json warnings = warnings_of(job, request); !warnings.empty())
    headers.emplace_back("x-warnings", in_ascii(warnings));
  send_own_parts(exchange, 200, std::move(headers), {{"", folder / job.pictures.at(0).file, false}});
}

StreamedReply streamed_pictures(const ImagesRequest& request, const std::filesystem::path& folder) {
  StreamedReply reply;
  const auto sent = std::make_shared<std::map<int64_t, int64_t>>();  // partial images of each picture
  reply.preview = [request, sent](const JobEvent& preview) {
    int64_t& count = (*sent)[preview.image];
    return count < request.door.partial_images ? partial_event(preview, count++, request) : std::string();
  };
  reply.done = [request, folder](const Job& job) { return completed_events(job, request, folder); };
  return reply;
}

}  // namespace alice
