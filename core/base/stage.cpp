#include "core/base/stage.h"

#include <stdexcept>

namespace alice {
namespace {

struct Row {
  JobStage stage;
  const char *name, *words;
};

constexpr Row kRows[] = {{JobStage::load, "load", "while it loaded the model"},
                         {JobStage::encode, "encode", "while it encoded the prompt"},
                         {JobStage::denoise, "denoise", "while it denoised"},
                         {JobStage::decode, "decode", "while it decoded and wrote the pictures"}};

const Row& row_of(JobStage stage) {
  for (const Row& row : kRows)
    if (row.stage == stage) return row;
  throw std::logic_error("a stage without a row in core/base/stage.cpp");
}

}  // namespace

const Choices<JobStage>& job_stages() {
  static const auto stages = [] {
    Choices<JobStage> list;
    for (const Row& row : kRows) list.emplace_back(row.name, row.stage);
    return list;
  }();
  return stages;
}

const char* to_string(JobStage stage) { return row_of(stage).name; }

const char* in_words(JobStage stage) { return row_of(stage).words; }

}  // namespace alice
