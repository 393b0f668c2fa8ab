// POST /v1/chat/completions: the original ALICE's API. The prompt is the last user message; the settings stand in
// "sam_config", which some of its clients write "samConfig" or "metadata". A picture in that message, or among
// "input_images", is what the result is made from.

#include <algorithm>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/doors/chat/chat_messages.h"
#include "server/front/http/job_json.h"
#include "server/front/http/model_aliases.h"
#include "server/front/http/reply_parts.h"
#include "server/front/http/request_body.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/routes.h"
#include "server/front/http/waiting_post.h"

namespace alice {
namespace {

constexpr const char* kSettings = "sam_config";
/// Of models' names, by which LobeChat has its users say that they want pictures in the message.
constexpr const char* kImageSuffix = ":image";
constexpr int64_t kSizeStep = 8;  // pixels: the original rounds up to it

/// What the two objects have beside a picture's settings.
struct ChatDoor {
  std::optional<OnDisconnect> on_disconnect;
  bool strict = false;
  std::vector<std::string> modalities;
  std::vector<std::string> lora_paths;
  std::vector<double> lora_scales;
  std::vector<std::string> input_images;
};

const OptionTable<ChatDoor>& top_options() {
  static const auto table = OptionTable<ChatDoor>()
                                .choice("on_disconnect", &ChatDoor::on_disconnect, on_disconnect_words(),
                                        "what a client's leaving means")
                                .boolean("strict", &ChatDoor::strict, "is what has no effect here an error?")
                                .text("modalities", &ChatDoor::modalities,
                                      "with image among them the message has the pictures themselves too");
  return table;
}

const OptionTable<ChatDoor>& settings_options() {
  static const auto table = OptionTable<ChatDoor>()
                                .text("lora_paths", &ChatDoor::lora_paths, "the LoRAs' ids")
                                .number("lora_scales", &ChatDoor::lora_scales, {-100, 100}, "their strengths")
                                .text("input_images", &ChatDoor::input_images,
                                      "what the result is made from: data URLs or base64; the first counts");
  return table;
}

/// What OpenAI's chat API has beside these and means nothing for a picture.
constexpr const char* kWithoutEffect =
    "temperature, top_p, max_tokens, max_completion_tokens, n, stop, seed, user, presence_penalty, frequency_penalty, "
    "logit_bias, logprobs, top_logprobs, response_format, stream_options, tool_choice, parallel_tool_calls, "
    "service_tier, store, reasoning_effort";

const std::vector<FieldRule>& top_rules() {
  static const std::vector<FieldRule> rules = [] {
    std::vector<FieldRule> list = {
        {"model", FieldUse::generate},
        {"messages", FieldUse::door},
        {kSettings, FieldUse::door},
        {"metadata", FieldUse::door, kSettings},
        {"on_disconnect", FieldUse::door},
        {"modalities", FieldUse::door},
        {"strict", FieldUse::door},
        {"stream", FieldUse::refused, "streaming is not supported here; POST /v1/jobs and its events give progress"},
        {"tools", FieldUse::refused, "tools are not supported: this server makes pictures"},
        {"functions", FieldUse::refused, "functions are not supported: this server makes pictures"}};
    for (const std::string_view name : split_list(kWithoutEffect))
      list.push_back({std::string(name), FieldUse::ignored});
    return in_both_spellings(list);
  }();
  return rules;
}

const std::vector<FieldRule>& settings_rules() {
  static const std::vector<FieldRule> rules = [] {
    std::vector<FieldRule> list = generate_rules();
    // The model and the prompt have their places outside.
    const auto outside = [](const FieldRule& rule) { return rule.name == "model" || rule.name == "prompt"; };
    list.erase(std::remove_if(list.begin(), list.end(), outside), list.end());
    list.push_back({"lora_paths", FieldUse::door});
    list.push_back({"lora_scales", FieldUse::door});
    list.push_back({"input_images", FieldUse::door});
    list.push_back({"input_image_urls", FieldUse::refused,
                    "nothing is fetched from elsewhere: send the pictures themselves in input_images"});
    return in_both_spellings(list);
  }();
  return rules;
}

/// As the original does it. `place` is the side's, in the client's spelling.
void round_up(std::optional<int64_t>& side, const std::string& place, std::vector<std::string>& warnings) {
  if (!side.has_value() || *side % kSizeStep == 0) return;
  const int64_t given = *side;
  side = (given / kSizeStep + 1) * kSizeStep;
  warnings.push_back(pointer_to_param(place) + ": " + std::to_string(given) + " was rounded up to " +
                     std::to_string(*side));
}

/// lora_paths and lora_scales become the request's LoRAs, behind those of "loras".
void add_loras(const ChatDoor& door, DoorFields& fields, GenerateRequest& request, Faults& faults) {
  const PlaceOf place = fields.place_of();
  if (!door.lora_paths.empty()) fields.places.emplace("loras", place("lora_paths"));  // for the worker's faults
  if (door.lora_scales.size() > door.lora_paths.size())
    faults.add(place("lora_scales"), "has " + std::to_string(door.lora_scales.size()) + " strengths for " +
                                         std::to_string(door.lora_paths.size()) + " LoRAs");
  if (request.loras.size() + door.lora_paths.size() > kMostLoras)
    return faults.add(place("lora_paths"),
                      "names too many LoRAs; at most " + std::to_string(kMostLoras) + " are taken");
  for (size_t i = 0; i < door.lora_paths.size(); ++i) {
    check_lora_name(door.lora_paths[i], place("lora_paths") + "/" + std::to_string(i), faults);
    request.loras.push_back({door.lora_paths[i], i < door.lora_scales.size() ? door.lora_scales[i] : 1});
  }
}

struct ChatRequest {
  JobRequest job;
  std::string model;  ///< as the client named it
  std::optional<OnDisconnect> on_disconnect;
  bool wants_images = false;  ///< in the message, not only their addresses
  bool strict = false;
  std::vector<std::string> warnings;
  ParamOf param_of;
};

/// True when pictures are among them. Others than pictures and text are warned of.
bool ask_for_images(const std::vector<std::string>& modalities, std::vector<std::string>& warnings) {
  bool images = false;
  for (const std::string& modality : modalities) {
    images = images || modality == "image";
    if (modality != "image" && modality != "text")
      warnings.push_back("modalities: '" + brief(modality) + "' has no effect here");
  }
  return images;
}

/// Throws ApiError with every fault.
ChatRequest read_chat_request(const Json& body) {
  Faults faults;
  DoorFields fields;
  sort_fields(body, "", top_rules(), fields, faults);
  const ChatDoor top = top_options().read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  std::vector<PlacedPicture> pictures = take_prompt(fields.door.value("messages", Json()), fields, faults);
  if (const auto settings = fields.door.find(kSettings); settings != fields.door.end()) {
    const std::string place = fields.places.at(kSettings);
    const Json object = *settings;
    if (object.is_object())
      sort_fields(object, place, settings_rules(), fields, faults);
    else
      faults.add(place, "must be an object of settings");
  }
  const ChatDoor settings = settings_options().read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  for (size_t i = 0; i < settings.input_images.size(); ++i)
    pictures.push_back({fields.place_of()("input_images") + "/" + std::to_string(i), settings.input_images[i]});
  ChatRequest request;
  take_picture(pictures, fields, request.job.sent, faults);
  request.job.generate = read_generate_fields(fields, faults);
  add_loras(settings, fields, request.job.generate, faults);
  fields.throw_if_any(faults);
  request.model = request.job.generate.model;
  request.on_disconnect = top.on_disconnect;
  request.warnings = fields.warnings;
  request.wants_images = ask_for_images(top.modalities, request.warnings) || ends_with(request.model, kImageSuffix);
  GenerateRequest& generate = request.job.generate;
  if (generate.image && !generate.width && !generate.height && !generate.fit) generate.fit = true;
  request.strict = top.strict;
  request.param_of = fields.param_of();
  round_up(request.job.generate.width, fields.place_of()("width"), request.warnings);
  round_up(request.job.generate.height, fields.place_of()("height"), request.warnings);
  return request;
}

/// As the original reports what was used.
Json metadata_of(const Job& job) {
  const Json& used = job.settings;
  const std::string model = used.value("model", "");
  Json metadata = Json::object();
  for (const char* name :
       {"prompt", "negative_prompt", "steps", "guidance_scale", "seed", "scheduler", "width", "height"})
    metadata[name] = used.value(name, Json());
  metadata["model"] = model.substr(model.rfind('/') + 1);
  const bool has_image = job.request.generate.image.has_value();
  metadata["mode"] = has_image ? "img2img" : "txt2img";
  metadata["input_image_count"] = has_image ? 1 : 0;
  return metadata;
}

/// As OpenRouter has pictures in a message. The address itself is filled in by send_with_images().
constexpr const char* kOpenUrl = "\"url\":\"@\"";

Json message_of(const Job& job, const ChatRequest& request, const PictureUrls& urls) {
  Json addresses = Json::array(), images = Json::array();
  for (const PictureFile& picture : job.pictures) {
    addresses.push_back(picture_url(urls, picture));
    images.push_back({{"type", "image_url"}, {"image_url", {{"url", "@"}}}});
  }
  Json message = {{"role", "assistant"},
                  {"content", std::to_string(job.pictures.size()) + " image(s) generated successfully."},
                  {"image_urls", addresses},
                  {"metadata", metadata_of(job)}};
  if (request.wants_images) message["images"] = images;
  return message;
}

Json completion(const Job& job, const ChatRequest& request, const PictureUrls& urls) {
  const Json message = message_of(job, request, urls);
  const Json usage = {{"prompt_tokens", 0},    {"promptTokens", 0}, {"completion_tokens", 0},
                      {"completionTokens", 0}, {"total_tokens", 0}, {"totalTokens", 0}};
  constexpr size_t kIdDigits = 12;
  return {{"id", "chatcmpl-" + job.id.substr(job.id.size() - kIdDigits)},
          {"object", "chat.completion"},
          {"created", job.finished_ms.value_or(job.created_ms) / 1000},
          {"model", request.model.empty() ? job.settings.value("model", "") : request.model},
          {"choices",
           Json::array({{{"index", 0}, {"message", message}, {"finish_reason", "stop"}, {"finishReason", "stop"}}})},
          {"usage", usage},
          {"job", job.id},
          {"warnings", all_warnings(request.warnings, job.warnings, request.param_of)}};
}

/// The pictures go from their files into the answer. No text of a client can hold kOpenUrl: its quotes are escaped.
void send_with_images(const std::shared_ptr<Exchange>& exchange, const Job& job, const std::string& text,
                      const std::filesystem::path& folder) {
  std::vector<ReplyPart> parts;
  size_t from = 0;
  for (const PictureFile& picture : job.pictures) {
    const size_t at = text.find(kOpenUrl, from);
    parts.push_back({text.substr(from, at - from) + "\"url\":\"data:" +
                         content_type_of(picture_format_named(picture.file).value_or(PictureFormat::png)) + ";base64,",
                     {}, false});
    parts.push_back({"", folder / picture.file, true});
    from = at + std::string_view(kOpenUrl).size() - 1;  // the closing quote comes after the picture
  }
  parts.push_back({text.substr(from), {}, false});
  send_own_parts(exchange, 200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                 std::move(parts));
}

void complete(FrontContext& context, const std::shared_ptr<Exchange>& exchange, ChatRequest request) {
  const std::string& asked = request.model;
  const std::string name =
      ends_with(asked, kImageSuffix) ? asked.substr(0, asked.size() - std::string_view(kImageSuffix).size()) : asked;
  const MeantModel meant = meant_model(name, context.config, context.jobs.state()->description);
  if (!meant.warning.empty()) request.warnings.push_back(meant.warning);
  request.job.generate.model = meant.id;
  if (request.strict) refuse_warnings(request.warnings);
  sign(request.job, *exchange);

  WaitingPost post;
  post.request = request.job;
  post.on_disconnect = request.on_disconnect;
  post.param_of = request.param_of;
  post.reply = [request, folder = context.config.images_directory, urls = context.picture_urls(exchange->request())](
                   const auto& waiting, const Job& job) {
    const Json answer = completion(job, request, urls);
    if (!request.wants_images) return waiting->send_json(200, answer);
    send_with_images(waiting, job, dump_json(answer), folder);
  };
  wait_for_job(context, exchange, std::move(post));
}

void read_and_complete(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const auto read = [](const std::string& text) {
    static const std::vector<std::string> of_pictures = {"url", "image_url", "input_images", "inputImages"};
    return read_chat_request(read_json_body(text, of_pictures));
  };
  read_text_body<ChatRequest>(context, exchange, read, [&context](const auto& waiting, ChatRequest request) {
    complete(context, waiting, std::move(request));
  });
}

Json chat_schema() {
  Json door = option_schemas(top_options());
  door["messages"] = messages_schema();
  door[kSettings] = request_schema(settings_rules(), option_schemas(settings_options()), {});
  return request_schema(top_rules(), door, {"messages"});
}

}  // namespace

std::vector<Route> chat_routes(FrontContext& context) {
  return {{"POST",
           "/v1/chat/completions",
           Access::guarded,
           [&context](const auto& exchange) { read_and_complete(context, exchange); },
           {"createChatCompletion", "make pictures of the last message", "ChatCompletion", chat_schema},
           kConversationBody}};
}

}  // namespace alice
