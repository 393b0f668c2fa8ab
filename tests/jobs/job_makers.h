#pragma once
// Jobs for tests of stores.

#include <string>

#include "server/jobs/job.h"

namespace alice::test {

/// A queued job whose request uses every kind of field.
inline Job make_job(const std::string& id = new_job_id()) {
  Job job;
  job.id = id;
  job.request.generate.model = "sd/tiny";
  job.request.generate.prompt = "a lighthouse, \"quoted\",\n\xF0\x9F\x8C\x8A and a zero byte:";
  job.request.generate.prompt.push_back('\0');
  job.request.generate.negative_prompt = "blurry";
  job.request.generate.steps = 7;
  job.request.generate.guidance_scale = 6.25;
  job.request.generate.seed = 9007199254740991;  // the largest that is allowed
  job.request.generate.n = 2;
  job.request.generate.scheduler_options = {{"eta", 0.5}};
  job.request.generate.loras = {{"ink", -0.75}};
  job.request.preview_every = 3;
  job.request.request_id = "request-1";
  job.request.owner = "user-1";
  job.request.terms = {"a batch", -3, 1'700'000'900'000};
  job.turn = 2.25;
  job.created_ms = 1'700'000'000'000;
  return job;
}

inline PictureFile make_picture(const std::string& job, int64_t index) {
  PictureFile picture;
  picture.index = index;
  picture.file = job + "-" + std::to_string(index) + ".png";
  picture.sha256 = std::string(64, 'a');
  picture.bytes = 1000 + index;
  picture.width = 64, picture.height = 32;
  picture.seed = 5 + index;
  return picture;
}

/// `job` as it has succeeded.
inline Job make_succeeded(Job job) {
  job.pictures = {make_picture(job.id, 0), make_picture(job.id, 1)};
  job.warnings = {"/negative_prompt: has no effect"};
  job.settings = {{"steps", 7}};
  job.resumed_from = 4;
  job.finished_ms = job.created_ms + 3000;
  return job;
}

}  // namespace alice::test
