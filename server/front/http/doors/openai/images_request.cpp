#include "server/front/http/doors/openai/images_request.h"

#include <utility>

#include "core/base/utf8.h"
#include "server/front/http/standard_sizes.h"

namespace alice {
namespace {

/// Of a variation that does not say how far it may go: another picture of the same kind.
constexpr double kVariationStrength = 0.6;
constexpr size_t kLongestQuality = 64;  // bytes: it is echoed

const OptionTable<ImagesDoor>& door_options() {
  using D = ImagesDoor;
  static const auto table =
      OptionTable<D>()
          .choice("response_format", &D::response_format,
                  {{"url", ResponseFormat::url}, {"b64_json", ResponseFormat::b64_json}},
                  "how pictures come; absent: b64_json where the model is called gpt-image..., else url")
          .choice("on_disconnect", &D::on_disconnect, on_disconnect_words(), "what a client's leaving means")
          .text("size", &D::size, "WIDTHxHEIGHT, or auto")
          .text("quality", &D::quality, "auto, or a word that the configuration binds settings to")
          .choice("background", &D::background,
                  {{"auto", Background::automatic},
                   {"opaque", Background::opaque},
                   {"transparent", Background::transparent}},
                  "auto or opaque; transparent ones are not made")
          .boolean("stream", &D::stream, "are the pictures sent as server-sent events?")
          .integer("partial_images", &D::partial_images, {0, 3}, "with stream: previews of each picture, at most")
          .boolean("strict", &D::strict, "is what has no effect here an error?");
  return table;
}

constexpr const char* kStreamed[] = {"stream", "partial_images"};

bool is_streamed(const std::string& name) { return name == kStreamed[0] || name == kStreamed[1]; }

/// What a route has no use for, and where it is.
std::vector<FieldRule> refused_by(ImagesKind kind) {
  const std::string edits = "is for POST /v1/images/edits";
  if (kind == ImagesKind::edit) return {};
  std::vector<FieldRule> rules = {{"mask", FieldUse::refused, edits}};
  if (kind == ImagesKind::variation)
    for (const char* name : kStreamed) rules.push_back({name, FieldUse::refused, "variations are not streamed"});
  else
    for (const char* name : {"image", "image_url", "image_urls"}) rules.push_back({name, FieldUse::refused, edits});
  return rules;
}

std::vector<FieldRule> rules_of(ImagesKind kind) {
  std::vector<FieldRule> list = generate_rules();
  if (kind != ImagesKind::generation) list.push_back({"image", FieldUse::generate});
  if (kind == ImagesKind::edit) list.push_back({"mask", FieldUse::generate});
  for (const OptionSpec& spec : door_options().specs())
    if (kind != ImagesKind::variation || !is_streamed(spec.name)) list.push_back({spec.name, FieldUse::door});
  for (const char* name : {"style", "user", "moderation", "input_fidelity", "aspect_ratio"})
    list.push_back({name, FieldUse::ignored});
  for (FieldRule& rule : refused_by(kind)) list.push_back(std::move(rule));
  return in_both_spellings(list);
}

const std::vector<FieldRule>& rules(ImagesKind kind) {
  static const std::vector<FieldRule> of_kind[] = {rules_of(ImagesKind::generation), rules_of(ImagesKind::edit),
                                                   rules_of(ImagesKind::variation)};
  return of_kind[static_cast<size_t>(kind)];
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

std::string told(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return brief(text, 400);
}

void warn(ImagesRequest& request, const DoorFields& fields, const std::vector<std::string>& passed_over) {
  const ImagesDoor& door = request.door;
  request.warnings = fields.warnings;
  if (!passed_over.empty())
    request.warnings.push_back("image: the first picture is used alone, without " + told(passed_over));
  if (door.partial_images > 0 && !door.stream)
    request.warnings.push_back(request.param_of("/partial_images") + ": has no effect without stream");
  if (door.stream && door.response_format == ResponseFormat::url)
    request.warnings.push_back(request.param_of("/response_format") + ": a stream has pictures in base64 alone");
}

/// What a request with a picture means where it says nothing.
void complete(ImagesRequest& request) {
  GenerateRequest& generate = request.job.generate;
  if (request.kind == ImagesKind::generation) return;
  if (!generate.width && !generate.height && !generate.fit) generate.fit = true;
  if (request.kind == ImagesKind::variation && !generate.strength) generate.strength = kVariationStrength;
}

}  // namespace

ImagesRequest read_images_request(ImagesKind kind, SentBody body) {
  const auto image = body.fields.find("image");
  const bool has_image = !body.faults.empty() || (image != body.fields.end() && !image->is_null());
  Faults faults = std::move(body.faults);
  DoorFields fields;
  sort_fields(body.fields, "", rules(kind), fields, faults);
  ImagesRequest request;
  request.kind = kind;
  request.door = door_options().read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  if (request.door.background == Background::transparent)
    fields.refused.add(fields.place_of()("background"), "transparent pictures are not made; auto and opaque are");
  take_size(request.door.size, fields, faults);
  request.job.generate = read_generate_fields(fields, faults);
  if (kind != ImagesKind::variation && fields.generate.count("prompt") == 0) faults.add("/prompt", "is missing");
  if (kind != ImagesKind::generation && !has_image) faults.add("/image", "is missing");
  if (request.door.quality.size() > kLongestQuality) faults.add(fields.place_of()("quality"), "must be one word");
  fields.throw_if_any(faults);
  request.job.sent = std::move(body.pictures);
  request.param_of = fields.param_of();
  request.format = request.job.generate.output_format.value_or(PictureFormat::png);
  warn(request, fields, body.passed_over);
  complete(request);
  return request;
}

void read_images_query(const HttpRequest& http, std::vector<std::string>& warnings) {
  constexpr const char* kVersion = "api-version";  // Azure's clients
  for (const auto& [name, value] : http.query) {
    if (name != kVersion) throw_if_any(unknown_parameter(name, {kVersion}));
    warnings.push_back(std::string(kVersion) + ": has no effect here");
  }
}

Json images_schema(ImagesKind kind) {
  std::vector<std::string> required;
  if (kind != ImagesKind::variation) required.emplace_back("prompt");
  if (kind != ImagesKind::generation) required.emplace_back("image");
  return request_schema(rules(kind), option_schemas(door_options()), required);
}

}  // namespace alice
