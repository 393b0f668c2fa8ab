#include "server/front/http/job_json.h"

#include <optional>

#include "core/base/utf8.h"
#include "server/jobs/job_store.h"
#include "server/link/message.h"

namespace alice {
namespace {

constexpr double kMilliseconds = 1000;

Json seconds(std::optional<int64_t> ms) {
  return ms.has_value() ? Json(static_cast<double>(*ms) / kMilliseconds) : Json(nullptr);
}

Json picture_to_json(const PictureFile& picture, const PictureUrls& urls) {
  Json json = picture_file_options().write(picture);
  json["url"] = picture_url(urls, picture);
  if (picture.removed_ms.has_value()) json["removed"] = seconds(picture.removed_ms);
  return json;
}

Json error_to_json(const Job& job) {
  if (!job.error.has_value()) return nullptr;
  return Json::parse(job_failure(job, pointer_to_param).body()).at("error");
}

/// Whether it was longer.
bool cut(Json& text) {
  std::u32string letters = decode_utf8(text.get_ref<const std::string&>());
  if (letters.size() <= kListedLetters) return false;
  letters.resize(kListedLetters);
  text = encode_utf8(letters);
  return true;
}

}  // namespace

Json job_to_json(const Job& job, const PictureUrls& urls) {
  Json pictures = Json::array();
  for (const PictureFile& picture : job.pictures) pictures.push_back(picture_to_json(picture, urls));
  return {{"id", job.id},
          {"object", "job"},
          {"status", to_string(job.status)},
          {"created", seconds(job.created_ms)},
          {"started", seconds(job.started_ms)},
          {"finished", seconds(job.finished_ms)},
          {"attempts", job.attempts},
          {"worker_deaths", job.worker_deaths},
          {"resumed_from", job.resumed_from},
          {"request", write_generate_request(job.request.generate)},
          {"request_id", job.request.request_id},
          {"label", job.request.terms.label.empty() ? Json() : Json(job.request.terms.label)},
          {"priority", job.request.terms.priority},
          {"deadline", seconds(job.request.terms.deadline_ms)},
          {"kept", job.is_kept},
          {"settings", job.settings},
          {"estimate", job.estimate ? estimate_options().write(*job.estimate) : Json()},
          {"images", pictures},
          {"warnings", job.warnings},
          {"error", error_to_json(job)}};
}

Json listed_job_to_json(const Job& job, const PictureUrls& urls) {
  Json entry = job_to_json(job, urls);
  entry["cut"] = Json::array();
  for (const char* part : {"request", "settings"})
    for (const char* name : {"prompt", "negative_prompt"}) {
      const auto text = entry[part].find(name);
      if (text == entry[part].end() || !text->is_string()) continue;
      if (cut(*text)) entry["cut"].push_back(std::string(part) + "." + name);
    }
  return entry;
}

ApiError job_failure(const Job& job, const ParamOf& param_of) {
  const JobError fault = job.error.value_or(
      JobError{job.status == JobStatus::cancelled ? ErrorCode::cancelled : ErrorCode::internal, "", ""});
  ApiError error = to_api_error(fault.code, fault.place, fault.sentence, param_of);
  const bool is_for_clients = fault.code == ErrorCode::internal || fault.code == ErrorCode::out_of_memory;
  if (is_for_clients && fault.place == kWorkerPlace) error.message = fault.sentence;
  error.again = false;  // the same would meet the same
  error.job_id = job.id;
  return error;
}

}  // namespace alice
