// POST /sdapi/v1/txt2img and img2img: pictures, and a wait for them.

#include <exception>
#include <variant>

#include "server/front/http/door_fields.h"
#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/doors/a1111/checkpoint_names.h"
#include "server/front/http/doors/a1111/info.h"
#include "server/front/http/doors/a1111/request_fields.h"
#include "server/front/http/doors/a1111/sampler_names.h"
#include "server/front/http/model_list.h"
#include "server/front/http/reply_parts.h"
#include "server/front/http/request_body.h"
#include "server/front/http/standard_sizes.h"
#include "server/front/http/waiting_post.h"

namespace alice::a1111 {
namespace {

ApiError not_found(const std::string& message, const std::string& param) {
  return {404, to_string(ErrorCode::not_found), message, param};
}

std::string checkpoint_called(const ServerState& state, const std::string& name, const std::string& param) {
  std::string id = find_checkpoint(state, name);
  if (id.empty())
    throw not_found("Checkpoint not found: GET /sdapi/v1/sd-models lists those that there are", param);
  return id;
}

/// The request's own, else the one that the client has chosen, if it is there still.
void choose_models(const ServerState& state, const ClientOptions& kept, AskedPictures& asked) {
  GenerateRequest& request = asked.job.generate;
  if (!unless_none(asked.checkpoint).empty())
    request.model = checkpoint_called(state, asked.checkpoint, asked.checkpoint_param);
  else if (!kept.model.empty())
    request.model = find_checkpoint(state, kept.model);
  if (!asked.refiner.empty()) request.refiner = checkpoint_called(state, asked.refiner, "refiner_checkpoint");
}

void choose_scheduler(const ServerState& state, AskedPictures& asked) {
  const Json model = described_model(state, asked.job.generate.model);
  const Json defaults = model.is_object() ? model.value("defaults", Json::object()) : Json::object();
  const auto choice =
      choose_sampler(asked.sampler, asked.spacing, defaults.value("scheduler", ""), state.description);
  if (!choice)
    throw not_found("Sampler not found: GET /sdapi/v1/samplers lists those that there are", asked.sampler_param);
  asked.job.generate.scheduler = choice->scheduler;
  asked.job.generate.scheduler_options = choice->scheduler_options;
  asked.warnings.insert(asked.warnings.end(), choice->warnings.begin(), choice->warnings.end());
}

void send_pictures(const std::shared_ptr<Exchange>& exchange, const Job& job, const AskedPictures& asked,
                   const std::string& info, const std::vector<std::string>& warnings,
                   const std::filesystem::path& folder) {
  std::string text = "{\"images\":[";
  std::vector<ReplyPart> parts;
  for (const PictureFile& picture : job.pictures) {
    if (!asked.send_images) break;
    parts.push_back({text + "\"", {}, false});
    parts.push_back({"", folder / picture.file, true});
    text = "\",";
  }
  text.erase(text.find_last_not_of(',') + 1);
  parts.push_back({text + "],\"parameters\":" + dump_json(asked.parameters) + ",\"info\":" + dump_json(Json(info)) +
                       ",\"warnings\":" + dump_json(warnings) + "}",
                   {}, false});
  send_own_parts(exchange, 200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                 std::move(parts));
}

/// What the pictures' files say is read on the helper's thread.
void answer(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, const Job& job,
            std::shared_ptr<const AskedPictures> asked) {
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  const auto warnings = std::make_shared<const std::vector<std::string>>(
      all_warnings(asked->warnings, job.warnings, asked->param_of));
  context.helper->post([loop = context.loop, waiting = std::weak_ptr<Exchange>(exchange), job, asked, warnings,
                        folder = context.config.images_directory] {
    auto outcome = std::make_shared<std::variant<std::exception_ptr, std::string>>();
    try {
      *outcome = dump_json(info_of(job, *asked, *warnings, folder));
    } catch (...) {
      *outcome = std::current_exception();
    }
    loop->post([waiting, job, asked, warnings, folder, outcome] {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->guard([&] {
        if (const auto* fault = std::get_if<std::exception_ptr>(outcome.get())) std::rethrow_exception(*fault);
        send_pictures(alive, job, *asked, std::get<std::string>(*outcome), *warnings, folder);
      });
    });
  });
}

void make(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, AskedPictures asked) {
  FrontContext& context = door->context;
  const auto state = context.jobs.state();
  const std::string client = exchange->caller().client;
  const ClientOptions kept = door->options.of(client);
  choose_models(*state, kept, asked);
  choose_scheduler(*state, asked);
  if (const std::string told = fit_asked_size(asked.job.generate, described_model(*state, asked.job.generate.model));
      !told.empty())
    asked.warnings.push_back("width, height: " + told);
  if (!asked.job.generate.clip_skip && kept.clip_layer > 1) asked.job.generate.clip_skip = kept.clip_layer - 1;
  asked.job.preview_every = kept.preview_every;
  sign(asked.job, *exchange);

  WaitingPost post;
  post.request = std::move(asked.job);
  post.param_of = asked.param_of;
  post.accepted = [jobs = door->jobs, client, viewer = exchange->caller().viewer()](const Job& job) {
    jobs->follow(client, viewer, job.id);
  };
  post.reply = [&context, told = std::make_shared<const AskedPictures>(std::move(asked))](
                   const auto& waiting, const Job& job) { answer(context, waiting, job, told); };
  wait_for_job(context, exchange, std::move(post));
}

template <Form form>
void read_and_make(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_text_body<AskedPictures>(
      door->context, exchange, [](const std::string& text) { return read_asked(text, form); },
      [door](const auto& waiting, AskedPictures asked) { make(door, waiting, std::move(asked)); });
}

Operation operation(const char* id, const char* summary, Form form) {
  Operation made = {id, summary, "A1111Pictures"};
  made.body = [form] { return asked_schema(form); };
  return made;
}

}  // namespace

std::vector<Route> picture_making_routes(const SharedDoor& door) {
  Route from_text = a1111_route(
      "POST", "/sdapi/v1/txt2img", Access::guarded,
      [door](const auto& exchange) { read_and_make<Form::text_to_image>(door, exchange); },
      operation("txt2img", "pictures from a prompt, as A1111's API has it", Form::text_to_image));
  Route from_picture = a1111_route(
      "POST", "/sdapi/v1/img2img", Access::guarded,
      [door](const auto& exchange) { read_and_make<Form::image_to_image>(door, exchange); },
      operation("img2img", "pictures from a picture, as A1111's API has it", Form::image_to_image));
  from_text.body_limit = from_picture.body_limit = kPicturesBody;
  return {from_text, from_picture};
}

}  // namespace alice::a1111
