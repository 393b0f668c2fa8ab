#include <fstream>

#include "tests/models/goldens.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

std::vector<int64_t> ids(const TextEncoder& encoder, const std::string& text) { return encoder.tokenize(text).all; }

/// What loading a text encoder with these files beside it says.
std::string complaint(const std::map<std::string, std::string>& assets) {
  ModelFiles files = part_of("tiny_sd15", "text_encoder");
  const TempFolder folder;
  files.assets.clear();
  for (const auto& [name, text] : assets) files.assets[name] = folder.write(name, text);
  try {
    load(clip_factory(), files);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::bad_weights);
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("the tokenizer gives transformers' ids for every case") {
  const auto first = load(clip_factory(), part_of("tiny_sdxl", "text_encoder"));
  const auto second = load(clip_factory(), part_of("tiny_sdxl", "text_encoder_2"));
  const auto built_in = load(clip_factory(), part_of("tiny_sd15.safetensors", "text_encoder"));
  const Json cases = golden_json("tokenizer/cases.json").at("cases");
  REQUIRE(cases.size() > 15);
  for (const Json& item : cases) {
    const std::string text = item.at("text");
    INFO(text);
    for (const TextEncoder* encoder : {first.get(), built_in.get()}) {
      const TokenIds tokens = encoder->tokenize(text);
      CHECK(tokens.all == item.at("ids").get<std::vector<int64_t>>());
      CHECK(tokens.padded == item.at("padded").get<std::vector<int64_t>>());
    }
    CHECK(second->tokenize(text).padded == item.at("padded_2").get<std::vector<int64_t>>());
  }
}

TEST_CASE("what is cut off a long prompt is told") {
  const auto encoder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  std::string prompt;
  for (int i = 0; i < 75; ++i) prompt += "word ";
  CHECK(encoder->tokenize(prompt).cut_off == "");
  CHECK(encoder->tokenize(prompt + "naïve Café").cut_off == "naïve café");
}

TEST_CASE("any bytes are a prompt") {
  const auto encoder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  const std::vector<int64_t> replacement = ids(*encoder, "\xEF\xBF\xBD");  // U+FFFD
  CHECK(ids(*encoder, "\xFF") == replacement);
  CHECK(ids(*encoder, "\xC3") == replacement);
  CHECK(ids(*encoder, std::string("a\0b", 3)).size() == 5);
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(encoder->tokenize(all).padded.size() == 77);
  CHECK(encoder->tokenize(std::string(1 << 20, 'x')).padded.size() == 77);  // n log n: a second, not an hour
}

TEST_CASE("composed and decomposed letters are the same prompt") {
  const auto encoder = load(clip_factory(), part_of("tiny_sd15", "text_encoder"));
  CHECK(ids(*encoder, "cafe\xCC\x81") == ids(*encoder, "caf\xC3\xA9"));
  CHECK(ids(*encoder, "A\xC2\xA0\xE3\x80\x80 B") == ids(*encoder, "a b"));  // no-break and ideographic space
}

TEST_CASE("tokenizer.json alone is a vocabulary") {
  ModelFiles files = part_of("tiny_sd15", "text_encoder");
  const auto reference = load(clip_factory(), files);
  std::ifstream lines(files.assets.at("merges.txt"));
  Json merges = Json::array();
  for (std::string line; std::getline(lines, line);)
    if (line.compare(0, 1, "#") != 0) merges.push_back(line);
  const Json tokenizer = {
      {"model", {{"type", "BPE"}, {"vocab", read_json_file(files.assets.at("vocab.json"))}, {"merges", merges}}},
      {"added_tokens",
       {{{"id", 49406}, {"content", "<|startoftext|>"}}, {{"id", 49407}, {"content", "<|endoftext|>"}}}}};
  const TempFolder folder;
  files.assets = {{"tokenizer.json", folder.write("tokenizer.json", tokenizer.dump())}};
  const auto encoder = load(clip_factory(), files);
  for (const char* text : {"a photo of a cat", "it's 3.14 <|endoftext|> !!", "日本語"})
    CHECK(ids(*encoder, text) == ids(*reference, text));
}

TEST_CASE("a damaged vocabulary is an error that names the file") {
  using Catch::Matchers::Contains;
  const std::string merges = "#version: 0.2\na b\n";
  CHECK_THAT(complaint({{"merges.txt", "#version: 0.2\na b c\n"}}), Contains("merges.txt:2") && Contains("two parts"));
  CHECK_THAT(complaint({{"merges.txt", "#version: 0.2\nfoo bar\n"}}), Contains("left part 'foo' is no entry"));
  CHECK_THAT(complaint({{"merges.txt", merges}, {"vocab.json", "[1]"}}), Contains("vocab.json") && Contains("object"));
  CHECK_THAT(complaint({{"merges.txt", merges}, {"vocab.json", R"({"a":"b"})"}}), Contains("whole number"));
  CHECK_THAT(complaint({{"merges.txt", merges}, {"vocab.json", R"({"a":-1})"}}), Contains("has the number -1"));
  CHECK_THAT(complaint({{"merges.txt", merges}, {"vocab.json", R"({"a":99999999})"}}),
             Contains("embedding has rows 0 to 49407"));
  CHECK_THAT(complaint({{"merges.txt", merges}, {"vocab.json", R"({"a":1,"b":2,"ab":3})"}}), Contains("start mark"));
  CHECK_THAT(complaint({{"tokenizer.json", R"({"model":{"type":"WordPiece"}})"}}), Contains("tokenizer.json/model"));
  CHECK_THAT(complaint({{"tokenizer.json", R"({"model":{"vocab":{},"merges":[3]}})"}}), Contains("merges/0"));
  CHECK_THAT(complaint({{"tokenizer.json", "{"}}), Contains("tokenizer.json"));
  CHECK_THAT(complaint({{"tokenizer_config.json", R"({"pad_token":"nowhere"})"}}), Contains("pad mark 'nowhere'"));
  CHECK_THAT(complaint({{"tokenizer_config.json", R"({"pad_token":7})"}}), Contains("tokenizer_config.json/pad_token"));
  CHECK(complaint({}) == "nothing");
}
