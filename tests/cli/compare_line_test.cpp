// What `alice compare` is told.

#include "tests/cli/parsed.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

CommandLine compare(Words more) {
  more.insert(more.begin(), {"compare", "a cat"});
  return read(more);
}

std::string compare_refusal(Words more) {
  more.insert(more.begin(), {"compare", "a cat"});
  return refusal(more);
}

/// "field=value,value", the slowest first.
Words axes_of(const CommandLine& line) {
  Words axes;
  for (const CompareAxis& axis : line.compare.axes) {
    axes.push_back(axis.field + "=");
    for (const Json& value : axis.values) axes.back() += dump_json(value) + ",";
  }
  return axes;
}

}  // namespace

TEST_CASE("what compare is given once is every picture's, what it is given several of makes the pictures differ") {
  const CommandLine line =
      compare({"--steps", "4,8, 20", "--scheduler", "walk,run", "--backend=quick,exact", "--cfg-scale", "1,7.5",
               "--seed", "7", "--size", "64x128", "--model", "sd/m", "--lora", "hats:0.5", "--clip-skip", "1",
               "--json", "-q"});
  CHECK(line.command == Command::compare);
  CHECK(axes_of(line) == Words{"backend=\"quick\",\"exact\",", "guidance_scale=1.0,7.5,", "scheduler=\"walk\",\"run\",",
                               "steps=4,8,20,"});
  CHECK(line.backend == "quick");
  CHECK(line.request.prompt == "a cat");
  CHECK(line.request.model == "sd/m");
  CHECK(line.request.seed == 7);
  CHECK(line.request.width == 64);
  CHECK(line.request.height == 128);
  CHECK(line.request.clip_skip == 1);
  CHECK(line.request.loras.at(0).strength == 0.5);
  CHECK_FALSE(line.request.steps.has_value());
  CHECK(line.request.scheduler.empty());
  CHECK(line.json);
  CHECK(line.quiet);
  CHECK(line.compare.reference == CompareOptions::Reference::usual);
}

TEST_CASE("what takes one value keeps its commas") {
  const CommandLine line = compare({"--steps", "4,8", "--negative", "dogs, mice", "--model", "a,b.safetensors"});
  CHECK(line.request.negative_prompt == "dogs, mice");
  CHECK(line.request.model == "a,b.safetensors");
  CHECK(line.compare.axes.size() == 1);
}

TEST_CASE("the reference is the usual one, one of so many steps, or none") {
  using Reference = CompareOptions::Reference;
  const CommandLine some = compare({"--steps", "4", "--reference", "50"});
  CHECK(some.compare.reference == Reference::steps);
  CHECK(some.compare.reference_steps == 50);
  CHECK(some.compare.axes.empty());
  CHECK(some.request.steps == 4);
  CHECK(compare({"--steps", "4,8", "--reference", "none"}).compare.reference == Reference::none);
  for (const char* wrong : {"0", "1001", "all", "-1", "5,6"})
    CHECK(says(compare_refusal({"--steps", "4,8", "--reference", wrong}),
               "--reference: must be an integer from 1 to 1000, got"));
}

TEST_CASE("compare's faults are told all at once") {
  const std::string text =
      compare_refusal({"--steps", "4,0,many", "--scheduler", "walk,walk", "--backend", "quick,", "--guidance", "1,200",
                       "--seed", "1,2", "--n", "3", "--out", "none/such/sheet.png"});
  INFO(text);
  for (const char* part :
       {"\n  --steps: must be an integer from 1 to 1000, got 0\n",
        "\n  --steps: must be an integer from 1 to 1000, got \"many\"\n", "\n  --scheduler: lists \"walk\" twice\n",
        "\n  --backend: has an empty place in its list\n", "\n  --guidance: must be a number from 0 to 100, got 200",
        "\n  --seed: must be an integer", "\n  --n: there is no such option",
        "\n  --out: there is no folder 'none/such'\n"})
    CHECK(says(text, part));
}

TEST_CASE("a comparison of nothing, or of more than a sheet has room for, is refused") {
  CHECK(says(compare_refusal({"--steps", "4"}), "there is nothing to compare: list several"));
  CHECK(says(refusal({"compare", "--steps", "4,8"}), "--prompt: is missing"));
  std::string steps = "1";
  for (int k = 2; k <= 51; ++k) steps += "," + std::to_string(k);
  CHECK(says(compare_refusal({"--steps", steps, "--scheduler", "walk,run"}),
             "2 x 51 pictures are more than one sheet has room for: 100 at most"));
  CHECK(compare({"--steps", steps}).compare.axes.at(0).values.size() == 51);
  CHECK(says(compare_refusal({"--steps", "4,8", "--out", "-"}), "--out: must be a file"));
  CHECK(says(refusal({"grid", "x"}), "alice compare"));
}
