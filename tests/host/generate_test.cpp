#include "core/host/make/generate.h"

#include "tests/host/every_scheduler.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("the same weights as folder and as single file give bit-identical pictures") {
  Composer composer(golden_models(), built_in_registry());
  const Tensor folder = pictures(composer, small_request(kFolderModel)).at(0);
  const Tensor file = pictures(composer, small_request(kFileModel)).at(0);
  CHECK(folder.equal(file));
  CHECK(folder.sizes().vec() == std::vector<int64_t>{128, 128, 3});
}

TEST_CASE("a picture of a batch is that picture made alone, bit for bit, with every scheduler") {
  Composer composer(golden_models(), built_in_registry());
  for (const SchedulerFactory* factory : schedulers_of_noise()) {
    GenerateRequest request = small_request(kFolderModel);
    request.scheduler = factory->info().id;
    request.steps = 3;
    std::vector<Tensor> alone;
    for (int64_t k = 0; k < 4; ++k) {
      GenerateRequest one = request;
      one.seed = *request.seed + k;
      alone.push_back(pictures(composer, one).at(0));
    }
    for (int64_t n = 1; n <= 4; ++n) {
      request.n = n;
      const std::vector<Tensor> together = pictures(composer, request);
      REQUIRE(together.size() == static_cast<size_t>(n));
      for (size_t k = 0; k < together.size(); ++k) {
        INFO(factory->info().id << ", picture " << k << " of " << n);
        CHECK(together[k].equal(alone[k]));
      }
    }
    CHECK_FALSE(alone[0].equal(alone[1]));
  }
}

TEST_CASE("more pictures than a batch holds are made in several batches, with the same bits") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.steps = 2;
  request.n = kLargestBatch + 1;
  const std::vector<Tensor> all = pictures(composer, request);
  REQUIRE(all.size() == static_cast<size_t>(kLargestBatch + 1));
  request.n = 1;
  request.seed = *request.seed + kLargestBatch;
  CHECK(all.back().equal(pictures(composer, request).at(0)));
}

TEST_CASE("seed 0 is a seed, and an absent seed is drawn") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.seed = 0;
  CHECK(composer.prepare(request, false).settings.seed == 0);
  CHECK(pictures(composer, request).at(0).equal(pictures(composer, request).at(0)));
  request.seed.reset();
  CHECK(composer.prepare(request, false).settings.seed != composer.prepare(request, false).settings.seed);
}

TEST_CASE("progress is told after every step, and cancelling ends the request between two steps") {
  Composer composer(golden_models(), built_in_registry());
  const PreparedRequest prepared = composer.prepare(small_request(kFolderModel), false);
  std::vector<std::string> warnings;
  std::vector<size_t> steps;
  GenerateHooks hooks;
  hooks.on_progress = [&](const Progress& progress) {
    if (progress.stage == JobStage::denoise) steps.push_back(progress.done);
  };
  generate(*prepared.model, prepared.settings, hooks, warnings);
  CHECK(steps == std::vector<size_t>{0, 1, 2, 3, 4});

  size_t told = 0;
  hooks.on_progress = [&](const Progress& progress) {
    told = progress.done;
    if (progress.done == 2) throw Error(ErrorCode::cancelled, "test", "stop");
  };
  const Error error = error_of([&] { generate(*prepared.model, prepared.settings, hooks, warnings); });
  CHECK(error.code() == ErrorCode::cancelled);
  CHECK(told == 2);
}

TEST_CASE("pictures are handed over in order as soon as their batch is made") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.steps = 1;
  request.n = kLargestBatch + 2;
  const PreparedRequest prepared = composer.prepare(request, false);
  std::vector<int64_t> made, made_before_second_batch;
  GenerateHooks hooks;
  hooks.on_image = [&](const GeneratedImage& image) {
    CHECK(image.seed == prepared.settings.seed + static_cast<uint64_t>(image.index));
    made.push_back(image.index);
  };
  hooks.on_progress = [&](const Progress& progress) {
    if (progress.first_image > 0 && made_before_second_batch.empty()) made_before_second_batch = made;
  };
  std::vector<std::string> warnings;
  generate(*prepared.model, prepared.settings, hooks, warnings);
  CHECK(made_before_second_batch == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(made == std::vector<int64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a prompt that is too long is cut, and the warning says what was lost") {
  Composer composer(golden_models(), built_in_registry());
  GenerateRequest request = small_request(kFolderModel);
  request.steps = 1;
  request.prompt = "";
  for (int i = 0; i < 80; ++i) request.prompt += "word ";
  request.prompt += "lostword";
  request.prompt_style = PromptStyle::plain;
  const PreparedRequest prepared = composer.prepare(request, false);
  std::vector<std::string> warnings;
  generate(*prepared.model, prepared.settings, {}, warnings);
  REQUIRE(warnings.size() == 1);
  CHECK(says(warnings[0], "/prompt"));
  CHECK(says(warnings[0], "lostword"));

  PreparedRequest longer = prepared;
  for (int i = 0; i < 10000; ++i) longer.settings.prompt += " and more";
  warnings.clear();
  generate(*longer.model, longer.settings, {}, warnings);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].size() < 500);
}
