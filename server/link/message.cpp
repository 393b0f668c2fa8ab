#include "server/link/message.h"

#include "core/base/utf8.h"
#include "server/link/message_members.h"

namespace alice {
namespace {

constexpr const char* kSay = "say";

template <class Message>
constexpr const char* kKind = nullptr;
template <>
constexpr const char* kKind<StartJob> = "start_job";
template <>
constexpr const char* kKind<CancelJob> = "cancel_job";
template <>
constexpr const char* kKind<Describe> = "describe";
template <>
constexpr const char* kKind<Ping> = "ping";
template <>
constexpr const char* kKind<Preload> = "preload";
template <>
constexpr const char* kKind<StopPreload> = "stop_preload";
template <>
constexpr const char* kKind<LoadingPlugin> = "loading_plugin";
template <>
constexpr const char* kKind<LookingAt> = "looking_at";
template <>
constexpr const char* kKind<Described> = "described";
template <>
constexpr const char* kKind<JobEstimate> = "job_estimate";
template <>
constexpr const char* kKind<JobProgress> = "job_progress";
template <>
constexpr const char* kKind<PluginsAtWork> = "plugins_at_work";
template <>
constexpr const char* kKind<JobPreview> = "job_preview";
template <>
constexpr const char* kKind<JobPicture> = "job_picture";
template <>
constexpr const char* kKind<JobDone> = "job_done";
template <>
constexpr const char* kKind<JobFailed> = "job_failed";
template <>
constexpr const char* kKind<Preloading> = "preloading";
template <>
constexpr const char* kKind<PreloadEnded> = "preload_ended";
template <>
constexpr const char* kKind<Pong> = "pong";
template <>
constexpr const char* kKind<LogLine> = "log_line";

const std::vector<std::string> kLevels = {"debug", "info", "warning", "error", "critical"};

const Choices<ErrorCode>& error_codes() {
  static const auto codes = [] {
    Choices<ErrorCode> list;
    for (const ErrorCode code : all_error_codes()) list.emplace_back(to_string(code), code);
    return list;
  }();
  return codes;
}

// Which members each message has: said once, for both directions. `Members` is MemberWriter or MemberReader.

template <class Members>
void declare(Members& members, JobRun& run) {
  static const auto table = OptionTable<JobRun>()
                                .text("job", &JobRun::job, "the job's id")
                                .integer("attempt", &JobRun::attempt, {1}, "which run of it");
  members.options(table, run);
}

template <class Members>
void declare(Members& members, StartJob& message) {
  using M = StartJob;
  static const auto table = OptionTable<M>()
                                .integer("preview_every", &M::preview_every, {0}, "steps between two previews; 0: none")
                                .text("pictures_folder", &M::pictures_folder, "where pictures are written")
                                .text("inputs_folder", &M::inputs_folder, "where the request's own pictures lie")
                                .text("record_file", &M::record_file, "where steps are recorded")
                                .integer("max_record", &M::max_record, {0}, "the largest record", "bytes")
                                .integer("reserve", &M::reserve, {0}, "what is kept free of each disk", "bytes")
                                .integer("most_bytes", &M::most_bytes, {0}, "what the worker may take; 0: any")
                                .number("most_seconds", &M::most_seconds, {0}, "how long it may take; 0: any");
  declare(members, message.run);
  members.options(table, message);
  members.request("request", message.request);
}

template <class Members>
void declare(Members& members, CancelJob& message) {
  declare(members, message.run);
}

template <class Members>
void declare(Members& members, Describe& message) {
  members.object("pass_over", message.pass_over);
}

template <class Members>
void declare(Members&, Ping&) {}

template <class Members>
void declare(Members& members, Preload& message) {
  static const auto table = OptionTable<Preload>().text("model", &Preload::model, "the model's id");
  members.options(table, message);
}

template <class Members>
void declare(Members&, StopPreload&) {}

template <class Members>
void declare(Members& members, LoadingPlugin& message) {
  static const auto table = OptionTable<LoadingPlugin>().text("file", &LoadingPlugin::file, "the library, or nothing");
  members.options(table, message);
}

template <class Members>
void declare(Members& members, LookingAt& message) {
  static const auto table = OptionTable<LookingAt>()
                                .text("model", &LookingAt::model, "the model's id, or nothing")
                                .text("stamp", &LookingAt::stamp, "of its files");
  members.options(table, message);
}

template <class Members>
void declare(Members& members, Described& message) {
  static const auto table =
      OptionTable<Described>().integer("pid", &Described::pid, {1}, "the worker's process number");
  members.options(table, message);
  members.object("description", message.description);
}

template <class Members>
void declare(Members& members, JobEstimate& message) {
  declare(members, message.run);
  members.nested("estimate", estimate_options(), message.estimate);
}

template <class Members>
void declare(Members& members, JobProgress& message) {
  using M = JobProgress;
  static const auto table = OptionTable<M>()
                                .choice("stage", &M::stage, job_stages(), "what it is at")
                                .integer("first_image", &M::first_image, {0}, "of those that are being made")
                                .integer("images", &M::images, {0}, "that are being made")
                                .integer("all_images", &M::all_images, {0}, "of the job")
                                .integer("done", &M::done, {0}, "steps of this stage that are done")
                                .integer("total", &M::total, {0}, "steps of this stage")
                                .integer("resumed_from", &M::resumed_from, {0}, "steps that the record answered");
  declare(members, message.run);
  members.options(table, message);
}

template <class Members>
void declare(Members& members, PluginsAtWork& message) {
  static const auto table =
      OptionTable<PluginsAtWork>().text("plugins", &PluginsAtWork::plugins, "ids of plugins whose code runs");
  declare(members, message.run);
  members.options(table, message);
}

template <class Members>
void declare(Members& members, JobPreview& message) {
  using M = JobPreview;
  static const auto table =
      OptionTable<M>().integer("image", &M::image, {0}, "which picture").integer("step", &M::step, {0}, "after which");
  declare(members, message.run);
  members.options(table, message);
  members.bytes("png", message.png);
}

template <class Members>
void declare(Members& members, JobPicture& message) {
  declare(members, message.run);
  members.nested("picture", picture_file_options(), message.picture);
}

template <class Members>
void declare(Members& members, JobDone& message) {
  using M = JobDone;
  static const auto table = OptionTable<M>()
                                .text("warnings", &M::warnings, "what was asked for in vain")
                                .integer("resumed_from", &M::resumed_from, {0}, "steps that the record answered");
  declare(members, message.run);
  members.options(table, message);
  members.object("settings", message.settings);
}

template <class Members>
void declare(Members& members, JobFailed& message) {
  using M = JobFailed;
  static const auto table = OptionTable<M>()
                                .choice("code", &M::code, error_codes(), "as in Error")
                                .text("place", &M::place, "as in Error")
                                .text("sentence", &M::sentence, "as in Error");
  declare(members, message.run);
  members.options(table, message);
}

template <class Members>
void declare(Members& members, Preloading& message) {
  static const auto table = OptionTable<Preloading>()
                                .text("model", &Preloading::model, "the model's id")
                                .choice("stage", &Preloading::stage, job_stages(), "what it is at");
  members.options(table, message);
}

template <class Members>
void declare(Members& members, PreloadEnded& message) {
  using M = PreloadEnded;
  static const auto table =
      OptionTable<M>()
          .text("model", &M::model, "the model's id")
          .choice("outcome", &M::outcome,
                  {{"done", M::Outcome::done}, {"stopped", M::Outcome::stopped}, {"failed", M::Outcome::failed}},
                  "how it ended");
  members.options(table, message);
}

template <class Members>
void declare(Members&, Pong&) {}

template <class Members>
void declare(Members& members, LogLine& message) {
  using M = LogLine;
  static const auto table = OptionTable<M>()
                                .text("level", &M::level, "debug, info, warning, error or critical")
                                .text("text", &M::text, "the line")
                                .text("job", &M::job, "the job that it is about, or nothing");
  members.options(table, message);
  members.one_of("level", message.level, kLevels);
}

template <class Messages>
std::string write(const Messages& messages) {
  return std::visit(
      [](auto message) {
        Json object = {{kSay, kKind<decltype(message)>}};
        MemberWriter members(object);
        declare(members, message);
        return dump_json(object);
      },
      messages);
}

/// Tries the kinds of `Messages` from the I-th on.
template <class Messages, size_t I = 0>
Messages read_kind(const std::string& kind, const Json& object) {
  if constexpr (I == std::variant_size_v<Messages>) {
    throw Error(ErrorCode::internal, kSay, "there is no message '" + brief(kind, 40) + "' in this direction");
  } else {
    using Message = std::variant_alternative_t<I, Messages>;
    if (kind != kKind<Message>) return read_kind<Messages, I + 1>(kind, object);
    Message message;
    MemberReader members(object, kind);
    members.expect(kSay);
    declare(members, message);
    members.faults().throw_if_any(ErrorCode::internal);
    return message;
  }
}

template <class Messages>
Messages read(const std::string& payload) {
  const Json object = parse_json(payload, "message", ErrorCode::internal);
  if (!object.is_object()) throw Error(ErrorCode::internal, "message", "must be a JSON object");
  const auto kind = object.find(kSay);
  if (kind == object.end() || !kind->is_string())
    throw Error(ErrorCode::internal, kSay, "must be there: the kind of the message");
  return read_kind<Messages>(kind->get_ref<const std::string&>(), object);
}

}  // namespace

std::string in_code_of(const std::vector<std::string>& plugins) {
  std::string names;
  for (const std::string& plugin : plugins) names += (names.empty() ? "" : ", ") + plugin;
  if (names.empty()) return "";
  return ", in code of " + std::string(plugins.size() > 1 ? "one of the plugins " : "the plugin ") + names;
}

std::string write_message(const ToWorker& message) { return write(message); }
std::string write_message(const ToFront& message) { return write(message); }

ToWorker read_to_worker(const std::string& payload) { return read<ToWorker>(payload); }
ToFront read_to_front(const std::string& payload) { return read<ToFront>(payload); }

}  // namespace alice
