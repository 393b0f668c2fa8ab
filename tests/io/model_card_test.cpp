#include "core/io/model_card.h"

#include <sys/stat.h>

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("a card is told by its first paragraph of running text") {
  CHECK(card_summary("# Name\n\nDraws [emoji](https://x.example/a).\nIn *two* lines.\n\nMore.") ==
        "Draws emoji. In two lines.");
  CHECK(card_summary("---\nlicense: x\ntags: [a]\n---\n\n![p](p.png)\n\n<br>\n\n| a | b |\n\nText.") == "Text.");
  CHECK(card_summary("---\nno end") == "no end");
  for (const char* none : {"", "# Only a heading", "- a list\n- of two", "    code"}) CHECK(card_summary(none) == "");
}

TEST_CASE("a card's summary is short, on one line and safe for a terminal") {
  std::string text;
  for (int k = 0; k < 50; ++k) text += "A sentence of some length. ";
  const std::string summary = card_summary(text);
  CHECK(summary.size() <= 300);
  CHECK(summary.back() == '.');
  CHECK(card_summary(std::string(5000, 'x')).size() <= 300);
  CHECK(card_summary("a\x1b[31mb\xC2\x9B"
                     "c\xE2\x80\xAE"
                     "d\xff") == "a [31mb c d\xEF\xBF\xBD");
}

TEST_CASE("a card is read from a regular file or not at all") {
  const TempFolder folder;
  CHECK(read_model_card(folder.path()) == "");
  folder.write("README.md", "Words.\n");
  CHECK(read_model_card(folder.path()) == "Words.");
  const TempFolder other;
  REQUIRE(::mkfifo((other / "README.md").c_str(), 0600) == 0);
  CHECK(read_model_card(other.path()) == "");
}

TEST_CASE("a LoRA's trainer tells its words and its base") {
  const LoraCard kohya = read_lora_card({{"ss_tag_frequency", R"({"1_a": {"cat": 3, "dog": 9}, "2_b": {"cat": 8}})"},
                                         {"ss_base_model_version", "sd_v1"},
                                         {"ss_sd_model_name", "x.safetensors"}});
  CHECK(kohya.trigger_words == std::vector<std::string>{"cat", "dog"});
  CHECK(kohya.base_model == "sd_v1");
  const LoraCard spec = read_lora_card({{"modelspec.trigger_phrase", "in my style"},
                                        {"modelspec.architecture", "stable-diffusion-v1/lora"},
                                        {"ss_tag_frequency", R"({"a": {"b": 1}})"}});
  CHECK(spec.trigger_words == std::vector<std::string>{"in my style"});
  CHECK(spec.base_model == "stable-diffusion-v1/lora");
  for (const char* wrong : {"", "x", "[]", R"({"a": 1})", R"({"a": {"b": "c"}})"})
    CHECK(read_lora_card({{"ss_tag_frequency", wrong}}).trigger_words.empty());
}
