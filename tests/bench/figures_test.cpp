#include "server/worker/bench/figures.h"

#include "server/worker/bench/table.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::bench;
using alice::test::says;

namespace {

constexpr double kGiga = 1e9;

/// A subject whose figures can be told in one's head: at 100 GFLOP/s the floors are 1, 2 and 4 s.
SubjectResult subject(std::optional<double> peak_gflops, double slowness = 1) {
  SubjectResult subject;
  subject.facts = {"sd/a", "quick", "a processor, 2 threads", "float32", true, 2, 512};
  subject.best[Stage::text] = {1.5 * slowness, 3, {{"linear", {10, 100 * kGiga, 1}}}};
  subject.best[Stage::step] = {
      4 * slowness,
      8,
      {{"conv 3x3", {3, 150 * kGiga, 2}}, {"linear", {4, 50 * kGiga, 1}}, {"group norm", {5, 0, 0.5}}}};
  subject.best[Stage::vae] = {5 * slowness, 10, {{"conv 3x3", {7, 400 * kGiga, 4}}}};
  subject.peak_gflops = peak_gflops;
  subject.peak_rss_bytes = 3'000'000'000;
  return subject;
}

BenchResult result(std::vector<SubjectResult> subjects) { return {std::move(subjects), 3, 4, 3, 0.02}; }

Json report(const BenchResult& of, bool is_comparison = false, Json left_out = Json::object()) {
  return report_of(of, {"1.2.3", "a good processor", is_comparison, std::move(left_out)});
}

}  // namespace

TEST_CASE("a stage's floor is its operations divided by the peak") {
  const Json figures = figures_of(subject(100));
  CHECK(figures.at("text_floor_seconds") == 1);
  CHECK(figures.at("step_floor_seconds") == 2);
  CHECK(figures.at("vae_floor_seconds") == 4);
  CHECK(figures.at("text_over_floor") == 1.5);
  CHECK(figures.at("step_over_floor") == 2);
  CHECK(figures.at("vae_over_floor") == 1.25);
  CHECK(figures.at("step_gflop") == 200);
  CHECK(figures.at("step_seconds") == 4);
  CHECK(figures.at("step_cpu_seconds") == 8);
  CHECK(figures.at("steps_per_second") == 0.25);
  CHECK(figures.at("picture_seconds") == 1.5 + 20 * 4 + 5);
  CHECK(figures.at("peak_gflops") == 100);
  CHECK(figures.at("peak_rss_bytes") == 3'000'000'000);
}

TEST_CASE("the kinds of layers, and what lies between them, add up to the stage") {
  const Json kinds = figures_of(subject(100)).at("kinds").at("step");
  CHECK(kinds.at("conv 3x3") ==
        Json({{"calls", 3}, {"gflop", 150}, {"seconds", 2}, {"gflops", 75}, {"of_peak", 0.75}}));
  CHECK(kinds.at("linear").at("of_peak") == 0.5);
  CHECK(kinds.at("group norm").at("gflops") == 0);
  CHECK(kinds.at("other").at("seconds") == 0.5);
  double seconds = 0, gflop = 0;
  for (const Json& layers : kinds) {
    seconds += layers.at("seconds").get<double>();
    gflop += layers.at("gflop").get<double>();
  }
  CHECK(seconds == Approx(4));
  CHECK(gflop == Approx(200));
}

TEST_CASE("without a peak there is no floor, and no number takes its place") {
  const Json figures = figures_of(subject(std::nullopt));
  for (const char* name : {"peak_gflops", "step_floor_seconds", "step_over_floor", "vae_over_floor", "text_over_floor"})
    CHECK(figures.at(name).is_null());
  CHECK(figures.at("kinds").at("step").at("conv 3x3").at("of_peak").is_null());
  CHECK(figures.at("kinds").at("step").at("conv 3x3").at("gflops") == 75);
  CHECK(says(table_of(report(result({subject(std::nullopt)}))), "is not known"));
}

TEST_CASE("ratios are second to first, of what both have") {
  const Json first = {{"a", 2}, {"b", 0}, {"c", nullptr}, {"d", "text"}, {"e", {{"x", 4}, {"y", 1}}}, {"f", 1}};
  const Json second = {{"a", 3}, {"b", 1}, {"c", 1}, {"d", "text"}, {"e", {{"x", 1}}}};
  CHECK(ratios_of(first, second) == Json({{"a", 1.5}, {"e", {{"x", 0.25}}}}));
}

TEST_CASE("a report has the figures of each precision") {
  SubjectResult other = subject(200);
  other.facts.precision = "bfloat16";
  const Json told = report(result({subject(100), other}), false, {{"bytes", "needs another processor"}});
  CHECK(told.at("alice") == "1.2.3");
  CHECK(told.at("processor") == "a good processor");
  CHECK(told.at("model") == "sd/a");
  CHECK(told.at("size") == 512);
  CHECK(told.at("rounds") == Json({{"asked", 3}, {"done", 4}, {"quiet", 3}}));
  CHECK(told.at("others_share") == 0.02);
  CHECK(told.at("precisions").size() == 2);
  CHECK(told.at("precisions").at("float32") == figures_of(subject(100)));
  CHECK(told.at("precisions").at("bfloat16") == figures_of(other));
  CHECK_FALSE(told.contains("against"));
  CHECK_FALSE(told.contains("ratios"));
  const std::string table = table_of(told);
  for (const char* part : {"float32: backend quick", "bfloat16: backend quick", "step with guidance", "conv 3x3",
                           "threads 100% busy; 2.00 times the floor of 2.00 s", "20-step picture: 86.5 s",
                           "peak memory 3.00 GB", "left out: bytes: needs another processor",
                           "best of 4 rounds; other programs took 2% of the processors", "in 1 of the rounds"})
    CHECK(says(table, part));
  CHECK_FALSE(says(table, "NOISY"));
}

TEST_CASE("a comparison has the second's figures beside the first's, whatever their precisions, and the ratios") {
  const Json told = report(result({subject(100), subject(100, 2)}), true);
  CHECK(told.at("precisions").size() == 1);
  CHECK(told.at("precisions").at("float32") == figures_of(subject(100)));
  CHECK(told.at("against") == figures_of(subject(100, 2)));
  CHECK(told.at("ratios").at("step_seconds") == 2);
  CHECK(told.at("ratios").at("peak_rss_bytes") == 1);
  CHECK(told.at("ratios").at("kinds").at("step").at("conv 3x3").at("calls") == 1);
  CHECK(says(table_of(told), "second to first"));
}

TEST_CASE("a run that was disturbed is said to be so") {
  BenchResult run = result({subject(100)});
  CHECK_FALSE(says(table_of(report(run)), "NOISY"));
  run.rounds_quiet = 2;
  CHECK(says(table_of(report(run)), "NOISY"));
  run.rounds_quiet = run.rounds_done;
  CHECK_FALSE(says(table_of(report(run)), "below its best"));
  run.others_share = 0.2;
  CHECK(says(table_of(report(run)), "NOISY"));
  run.others_share = std::nullopt;
  CHECK(report(run).at("others_share").is_null());
  CHECK_FALSE(says(table_of(report(run)), "NOISY"));
}

TEST_CASE("what one process says of a run, another reads") {
  const StageRun run = subject(100).best.at(Stage::step);
  const StageRun read = stage_run_of(Json::parse(to_json(run).dump()));
  CHECK(to_json(read) == to_json(run));
  CHECK(read.layers.at("conv 3x3").calls == 3);
  CHECK(read.operations() == 200 * kGiga);
  const SubjectFacts facts = subject(100).facts;
  CHECK(to_json(subject_facts_of(to_json(facts))) == to_json(facts));
}
