#include "core/base/lora_tags.h"

#include <algorithm>
#include <ctime>

#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

struct Taken {
  std::string prompt;
  std::vector<LoraUse> loras;
  Faults faults;
};

Taken take(std::string prompt) {
  Taken taken;
  take_lora_tags(prompt, taken.loras, taken.faults);
  taken.prompt = std::move(prompt);
  return taken;
}

}  // namespace

TEST_CASE("tags become LoRAs, in their order") {
  const Taken taken = take("<lora:a:0.8> a cat <LoRA:b c> sits <lora:d:-1.5><lora: e : +.5 >");
  CHECK(taken.faults.empty());
  REQUIRE(taken.loras.size() == 4);
  CHECK(taken.loras[0].name == "a");
  CHECK(taken.loras[0].strength == 0.8);
  CHECK(taken.loras[1].name == "b c");
  CHECK(taken.loras[1].strength == 1);
  CHECK(taken.loras[2].strength == -1.5);
  CHECK(taken.loras[3].name == " e ");  // whose blanks the file may have too
  CHECK(taken.loras[3].strength == 0.5);
  CHECK(taken.prompt == "a cat sits");
}

TEST_CASE("a tag may give the text encoder and the UNet strengths of their own, as A1111 reads it") {
  const auto lora = [](const std::string& tag) {
    const Taken taken = take(tag + " a cat");
    CHECK(taken.faults.empty());
    REQUIRE(taken.loras.size() == 1);
    CHECK(taken.prompt == "a cat");
    return taken.loras[0];
  };
  struct Case {
    const char* tag;
    double unet, text_encoder;
  };
  for (const Case& one : {Case{"<lora:a:1:0.5>", 0.5, 1},
                          {"<lora:a:0.5>", 0.5, 0.5},
                          {"<lora:a:te=0.5>", 0.5, 0.5},
                          {"<lora:a:unet=0.5>", 0.5, 1},
                          {"<lora:a:1:te=0.5>", 0.5, 0.5},
                          {"<lora:a: -1 : unet = 2>", 2, -1},
                          {"<lora:a:te=0.2:unet=0.4>", 0.4, 0.2},
                          {"<lyco:a:0.3:0.7>", 0.7, 0.3},
                          {"<LyCo:a>", 1, 1}}) {
    INFO(one.tag);
    const LoraUse taken = lora(one.tag);
    CHECK(taken.name == "a");
    CHECK(taken.strength == one.unet);
    CHECK(taken.text_encoder_strength.value_or(taken.strength) == one.text_encoder);
    CHECK(taken.text_encoder_strength.has_value() == (one.unet != one.text_encoder));
  }
}

TEST_CASE("tags are added to the LoRAs that are there") {
  std::string prompt = "<lora:b:2>";
  std::vector<LoraUse> loras = {{"a", 1}};
  Faults faults;
  take_lora_tags(prompt, loras, faults);
  REQUIRE(loras.size() == 2);
  CHECK(loras[1].name == "b");
  CHECK(prompt.empty());
}

TEST_CASE("commas and blanks around a tag are tidied, and no others") {
  CHECK(take("a cat, <lora:x:1>, sitting").prompt == "a cat, sitting");
  CHECK(take("a cat, <lora:x:1>").prompt == "a cat");
  CHECK(take("<lora:x:1>, a cat").prompt == "a cat");
  CHECK(take("a cat <lora:x:1>, sitting").prompt == "a cat, sitting");
  CHECK(take("a cat,<lora:x:1>sitting").prompt == "a cat, sitting");
  CHECK(take("a <lora:x:1> cat").prompt == "a cat");
  CHECK(take("a<lora:x:1>cat").prompt == "acat");
  CHECK(take("a cat, <lora:x:1>, <lora:y:1>, sitting").prompt == "a cat, sitting");
  CHECK(take("a cat, <lora:x:1> <lora:y:1>").prompt == "a cat");
  CHECK(take("a,, cat , <lora:x:1>").prompt == "a,, cat");
  CHECK(take("  two  blanks,,  no tag ").prompt == "  two  blanks,,  no tag ");
}

TEST_CASE("what is no tag stays") {
  for (const char* prompt : {"<lor:a>", "a < b", "lora:a:1", "<hypernet:a:1>", "< lora:a:1>", ""}) {
    const Taken taken = take(prompt);
    CHECK(taken.prompt == prompt);
    CHECK(taken.loras.empty());
    CHECK(taken.faults.empty());
  }
}

TEST_CASE("a malformed tag is a fault of the prompt") {
  for (const char* prompt :
       {"<lora:a:x>", "<lora:a:>", "<lora:a:0,8>", "<lora:a:1:2:3>", "<lora:a:1:>", "<lora:a:dyn=4>", "<lora:a:te=x>",
        "<lyco:a:x>", "<lora:a:nan>", "<lora:a:inf>", "<lora:a:1e999>", "<lora:>", "<lora::1>", "<lora: :1>",
        "<lora:a:+-1>", "a cat <lora:a:1", "<lora:a:0x10>"}) {
    INFO(prompt);
    const Taken taken = take(prompt);
    CHECK(taken.loras.empty());
    REQUIRE(taken.faults.list().size() == 1);
    CHECK(taken.faults.list()[0].place == "/prompt");
  }
}

TEST_CASE("every malformed tag is told of, and the good ones are taken") {
  const Taken taken = take("<lora:a:x> cat <lora:b:1> <lora:c:y>");
  CHECK(taken.faults.list().size() == 2);
  CHECK(taken.loras.size() == 1);
  CHECK(taken.prompt == "cat");
}

TEST_CASE("tags are taken in time that grows with the prompt, not with its square") {
  // Seconds of the processor, the least of some: ten times the tags take ten times as long, or else a hundred times.
  const auto seconds = [](size_t count) {
    std::string prompt;
    for (size_t i = 0; i < count; ++i) prompt += "<lora:a:1>";
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
      const std::clock_t begin = std::clock();
      CHECK(take(prompt).loras.size() == count);
      least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return least;
  };
  CHECK(seconds(40'000) < 35 * seconds(4'000));
}
