// OpenAI's images API, with this server's settings as further fields; under /v1 and, for clients that leave that out,
// without.

#include "core/base/generation_defaults.h"
#include "core/base/request_checks.h"
#include "core/base/request_fields.h"
#include "core/base/utf8.h"
#include "server/front/http/accept.h"
#include "server/front/http/doors/openai/images_answer.h"
#include "server/front/http/json_body.h"
#include "server/front/http/model_aliases.h"
#include "server/front/http/model_list.h"
#include "server/front/http/request_body.h"
#include "server/front/http/routes.h"
#include "server/front/http/standard_sizes.h"

namespace alice {
namespace {

/// The settings that the configuration binds to the asked quality.
void take_quality(const ServerConfig& config, ImagesRequest& request) {
  const std::string& word = request.door.quality;
  if (const auto bound = config.quality.find(word); bound != config.quality.end())
    request.job.generate = with_defaults(request.job.generate, bound->second);
  else if (word != "auto")
    request.warnings.push_back("quality: '" + brief(word) + "' has no effect here: no settings are bound to it");
}

/// Clients that know OpenAI's sizes alone get a picture of small models too.
void fit_standard_size(const Json& model, ImagesRequest& request) {
  const auto asked = read_size(request.door.size);
  if (!asked || !is_standard(*asked)) return;
  const PictureSize size = fitted(*asked, model);
  if (size.width == asked->width && size.height == asked->height) return;
  request.job.generate.width = size.width;
  request.job.generate.height = size.height;
  request.warnings.push_back("size: " + to_text(*asked) + " is too large for this model; the picture is " +
                             to_text(size) + ", about as large as those that it was trained on");
}

/// So that as many previews as are asked for lie evenly on a picture's way.
int64_t steps_between_previews(const ImagesRequest& request, const Json& model) {
  if (!request.door.stream || request.door.partial_images == 0) return 0;
  Faults passed_over;
  const Json own = model.is_object() ? model.value("defaults", Json::object()) : Json::object();
  const GenerateRequest of_model = generate_options().read(own, UnknownKeys::pass_over, json_places(""), passed_over);
  const GenerateRequest all = with_defaults(with_defaults(request.job.generate, of_model), built_in_defaults());
  const int64_t steps = all.image ? steps_done(all.steps.value_or(1), all.strength.value_or(1)) : all.steps.value_or(1);
  return std::max<int64_t>(1, steps / (request.door.partial_images + 1));
}

void check_one_picture(const ImagesRequest& request, const char* type) {
  if (request.job.generate.n == 1) return;
  throw ApiError(400, to_string(ErrorCode::bad_request),
                 request.param_of("/n") + ": must be 1 with Accept: " + type + ", which has room for one picture",
                 request.param_of("/n"));
}

void make(FrontContext& context, const std::shared_ptr<Exchange>& exchange, ImagesRequest request) {
  const char* type = content_type_of(request.format);
  const bool wants_picture = !request.door.stream && prefers(exchange->request(), type, "application/json");
  if (wants_picture) check_one_picture(request, type);
  read_images_query(exchange->request(), request.warnings);

  const auto state = context.jobs.state();
  GenerateRequest& generate = request.job.generate;
  const bool wants_text = request.door.response_format
                              ? *request.door.response_format == ResponseFormat::b64_json
                              : expects_base64(generate.model);
  const MeantModel meant = meant_model(generate.model, context.config, state->description);
  if (!meant.warning.empty()) request.warnings.push_back(meant.warning);
  generate.model = meant.id;
  const Json model = described_model(*state, generate.model);
  take_quality(context.config, request);
  fit_standard_size(model, request);
  if (request.door.strict) refuse_warnings(request.warnings);
  request.job.preview_every = steps_between_previews(request, model);
  sign(request.job, *exchange);

  WaitingPost post;
  post.request = std::move(request.job);
  post.on_disconnect = request.door.on_disconnect;
  post.param_of = request.param_of;
  const std::filesystem::path& folder = context.config.images_directory;
  if (request.door.stream) post.stream = streamed_pictures(request, folder);
  post.reply = [request, wants_picture, wants_text, folder,
                urls = context.picture_urls(exchange->request())](const auto& waiting, const Job& job) {
    if (wants_picture) return send_picture(waiting, job, request, folder);
    if (!wants_text) return send_urls(*waiting, job, request, urls);
    send_base64(waiting, job, request, folder);
  };
  wait_for_job(context, exchange, std::move(post));
}

SentBody read_sent(ImagesKind kind, const std::string& text, const std::string& type) {
  if (kind != ImagesKind::generation) return read_sent_body(text, type, Several::first);
  SentBody body;
  body.fields = read_json_body(text);
  return body;
}

void read_and_make(FrontContext& context, const std::shared_ptr<Exchange>& exchange, ImagesKind kind) {
  const std::string* type = exchange->request().header("Content-Type");
  const auto read = [kind, type = type == nullptr ? "" : *type](const std::string& text) {
    return read_images_request(kind, read_sent(kind, text, type));
  };
  read_text_body<ImagesRequest>(context, exchange, read, [&context](const auto& waiting, ImagesRequest request) {
    make(context, waiting, std::move(request));
  });
}

}  // namespace

std::vector<Route> openai_routes(FrontContext& context) {
  const auto route = [&context](const char* method, const char* pattern, ImagesKind kind, const char* id = "",
                                const char* summary = "") {
    Route made{method, pattern, Access::guarded,
               [&context, kind](const auto& exchange) { read_and_make(context, exchange, kind); },
               {id, summary, "Images", [kind] { return images_schema(kind); }},
               kind == ImagesKind::generation ? kPromptsBody : kPicturesBody};
    made.takes_forms = kind != ImagesKind::generation;
    if (kind != ImagesKind::variation) made.operation.event = "ImageEvent";
    return made;
  };
  constexpr auto generation = ImagesKind::generation, edit = ImagesKind::edit, variation = ImagesKind::variation;
  return {route("POST", "/v1/images/generations", generation, "createImages", "make pictures, and wait for them"),
          route("POST", "/v1/images/edits", edit, "editImages", "change a picture, or a part of it, and wait"),
          route("POST", "/v1/images/variations", variation, "varyImages", "make pictures like one, and wait"),
          route("POST", "/images/generations", generation),
          route("POST", "/images/edits", edit),
          route("POST", "/images/variations", variation)};
}

}  // namespace alice
