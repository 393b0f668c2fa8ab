// POST /v1/images/generations: OpenAI's images API, with this server's settings as further fields.

#include "core/base/utf8.h"
#include "server/front/http/accept.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/job_json.h"
#include "server/front/http/model_list.h"
#include "server/front/http/reply_parts.h"
#include "server/front/http/request_body.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/routes.h"
#include "server/front/http/standard_sizes.h"
#include "server/front/http/waiting_post.h"

namespace alice {
namespace {

constexpr size_t kMostWarned = 4000;  // bytes of a header

enum class ResponseFormat { url, b64_json };

struct ImagesDoor {
  ResponseFormat response_format = ResponseFormat::url;
  std::optional<OnDisconnect> on_disconnect;
  std::string size = "auto";
};

const OptionTable<ImagesDoor>& door_options() {
  using D = ImagesDoor;
  static const auto table =
      OptionTable<D>()
          .choice("response_format", &D::response_format,
                  {{"url", ResponseFormat::url}, {"b64_json", ResponseFormat::b64_json}}, "how pictures come")
          .choice("on_disconnect", &D::on_disconnect, on_disconnect_words(), "what a client's leaving means")
          .text("size", &D::size, "WIDTHxHEIGHT, or auto");
  return table;
}

const std::vector<FieldRule>& rules() {
  static const std::vector<FieldRule> rules = [] {
    std::vector<FieldRule> list = generate_rules();
    for (const OptionSpec& spec : door_options().specs()) list.push_back({spec.name, FieldUse::door});
    for (const char* name : {"quality", "style", "user", "background", "moderation", "input_fidelity"})
      list.push_back({name, FieldUse::ignored});
    list.push_back(
        {"stream", FieldUse::refused, "streaming is not supported here; POST /v1/jobs and its events give progress"});
    list.push_back({"partial_images", FieldUse::refused,
                    "partial images are not supported; POST /v1/jobs with preview_every gives previews"});
    return in_both_spellings(list);
  }();
  return rules;
}

/// "512x768" becomes width and height; whoever gives size cannot give these.
void take_size(const std::string& text, DoorFields& fields, Faults& faults) {
  if (text == "auto") return;
  const auto size = read_size(text);
  if (!size) return faults.add(fields.place_of()("size"), "must be WIDTHxHEIGHT in pixels, such as 512x512, or auto");
  for (const auto& [name, side] : {std::pair("width", size->width), std::pair("height", size->height)}) {
    if (const auto [it, is_new] = fields.places.emplace(name, "/size"); !is_new)
      faults.add("/size", "says the same as " + pointer_to_param(it->second) + "; give one of them");
    fields.generate[name] = side;
  }
}

struct ImagesRequest {
  JobRequest job;
  ImagesDoor door;
  std::vector<std::string> warnings;
  ParamOf param_of;

  PictureFormat format() const { return job.generate.output_format.value_or(PictureFormat::png); }
};

/// Throws ApiError with every fault.
ImagesRequest read_images_request(const Json& body) {
  Faults faults;
  DoorFields fields;
  sort_fields(body, "", rules(), fields, faults);
  ImagesRequest request;
  request.door = door_options().read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  take_size(request.door.size, fields, faults);
  request.job.generate = read_generate_fields(fields, faults);
  if (fields.generate.count("prompt") == 0) faults.add("/prompt", "is missing");
  fields.throw_if_any(faults);
  request.param_of = fields.param_of();
  request.warnings = fields.warnings;
  return request;
}

/// The answer but for its "data".
Json envelope(const Job& job, const ImagesRequest& request) {
  const PictureFile& first = job.pictures.at(0);
  return {{"created", job.finished_ms.value_or(job.created_ms) / 1000},
          {"output_format", to_string(request.format())},
          {"size", std::to_string(first.width) + "x" + std::to_string(first.height)},
          {"job", job.id},
          {"settings", job.settings},
          {"warnings", all_warnings(request.warnings, job.warnings, request.param_of)}};
}

void send_urls(Exchange& exchange, const Job& job, const ImagesRequest& request, const PictureUrls& urls) {
  Json body = envelope(job, request);
  body["data"] = Json::array();
  for (const PictureFile& picture : job.pictures)
    body["data"].push_back({{"url", picture_url(urls, picture)}, {"seed", picture.seed}});
  exchange.send_json(200, body);
}

/// The pictures go from their files into the answer, so the JSON around them is laid by hand.
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

std::string in_ascii(const Json& warnings) {
  return brief(warnings.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace), kMostWarned);
}

/// The picture itself. There is no room for words around it: the warnings go into a header, as JSON in ASCII.
void send_picture(const std::shared_ptr<Exchange>& exchange, const Job& job, const ImagesRequest& request,
                  const std::filesystem::path& folder) {
  Headers headers = {{"Content-Type", content_type_of(request.format())},
                     {"Cache-Control", "no-store"},
                     {"Vary", "Accept"},
                     {"Content-Security-Policy", "default-src 'none'; sandbox"}};
  const Json warnings = all_warnings(request.warnings, job.warnings, request.param_of);
  if (!warnings.empty())
    headers.emplace_back("x-warnings", in_ascii(warnings));
  send_own_parts(exchange, 200, std::move(headers), {{"", folder / job.pictures.at(0).file, false}});
}

/// Clients that know OpenAI's sizes alone get a picture of small models too.
void fit_standard_size(const ServerState& state, ImagesRequest& request) {
  const auto asked = read_size(request.door.size);
  if (!asked || !is_standard(*asked)) return;
  const PictureSize size = fitted(*asked, described_model(state, request.job.generate.model));
  if (size.width == asked->width && size.height == asked->height) return;
  request.job.generate.width = size.width;
  request.job.generate.height = size.height;
  request.warnings.push_back("size: " + to_text(*asked) + " is too large for this model; the picture is " +
                             to_text(size) + ", about as large as those that it was trained on");
}

void generate(FrontContext& context, const std::shared_ptr<Exchange>& exchange, ImagesRequest request) {
  const char* type = content_type_of(request.format());
  const bool wants_picture = prefers(exchange->request(), type, "application/json");
  if (wants_picture && request.job.generate.n > 1)
    throw ApiError(400, to_string(ErrorCode::bad_request),
                   request.param_of("/n") + ": must be 1 with Accept: " + type + ", which has room for one picture",
                   request.param_of("/n"));
  fit_standard_size(*context.jobs.state(), request);
  sign(request.job, *exchange);

  WaitingPost post;
  post.request = request.job;
  post.on_disconnect = request.door.on_disconnect;
  post.param_of = request.param_of;
  post.reply = [request, wants_picture, folder = context.config.images_directory,
                urls = context.picture_urls(exchange->request())](const auto& waiting, const Job& job) {
    if (wants_picture) return send_picture(waiting, job, request, folder);
    if (request.door.response_format == ResponseFormat::url) return send_urls(*waiting, job, request, urls);
    send_base64(waiting, job, request, folder);
  };
  wait_for_job(context, exchange, std::move(post));
}

void read_and_generate(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  read_body<ImagesRequest>(context, exchange, read_images_request, [&context](const auto& waiting, auto request) {
    generate(context, waiting, std::move(request));
  });
}

}  // namespace

std::vector<Route> openai_routes(FrontContext& context) {
  return {{"POST",
           "/v1/images/generations",
           Access::guarded,
           [&context](const auto& exchange) { read_and_generate(context, exchange); },
           {"createImages", "make pictures, and wait for them", "Images",
            [] { return request_schema(rules(), option_schemas(door_options()), {"prompt"}); }},
           kPromptsBody}};
}

}  // namespace alice
