// models.aliases and the section openai.

#include "tests/config/config_folder.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::ConfigFolder;
using alice::test::error_of;
using alice::test::says;

TEST_CASE("aliases are names of models, and default is the default one") {
  ConfigFolder folder;
  const Config config =
      folder.load("models:\n  aliases:\n    gpt-image-1: sd/emoji\n    dall-e-*: default\n    \"my own\": sd/a/b\n");
  using Aliases = std::map<std::string, std::string>;
  CHECK(config.server.model_aliases == Aliases{{"gpt-image-1", "sd/emoji"}, {"dall-e-*", ""}, {"my own", "sd/a/b"}});
  CHECK(says(config.origin("models.aliases.dall-e-*"), ":4:"));
  for (const char* none : {"models: {aliases: {}}\n", "models: {aliases: null}\n", "{}\n"})
    CHECK(folder.load(none).server.model_aliases.empty());
}

TEST_CASE("an alias of what is no model's id is a fault at its place") {
  ConfigFolder folder;
  for (const auto& [text, words] : {std::pair("models: {aliases: {a: emoji}}\n", "'emoji' is no model's id"),
                                    std::pair("models: {aliases: {a: sd/}}\n", "'sd/' is no model's id"),
                                    std::pair("models: {aliases: {a: 3}}\n", "must be a string"),
                                    std::pair("models: {aliases: {a: [sd/b]}}\n", "must be a string"),
                                    std::pair("models: {aliases: [sd/b]}\n", "must be a map")})
    CHECK(says(error_of([&] { folder.load(text); }).what(), words));
}

TEST_CASE("a quality is bound to settings, and a stronger layer's takes the weaker one's place") {
  ConfigFolder folder;
  folder.folder.write("etc/alice/config.yaml", "openai: {quality: {low: {steps: 3}}}\n");
  folder.folder.write("home/.config/alice/config.yaml",
                      "openai: {quality: {high: {steps: 50, guidance_scale: 5, scheduler: euler}}}\n");
  const ServerConfig server = folder.load().server;
  REQUIRE(server.quality.size() == 1);
  const GenerateRequest& high = server.quality.at("high");
  CHECK(high.steps == 50);
  CHECK(high.guidance_scale == 5);
  CHECK(high.scheduler == "euler");
  CHECK_FALSE(high.width.has_value());
}

TEST_CASE("every fault of a quality is told at its place") {
  ConfigFolder folder;
  const std::string what = error_of([&] {
                             folder.load("openai:\n  quality:\n    best: {steps: 3}\n    low: {steps: 0, stepz: 3}\n"
                                         "    high: 7\n  qualty: {}\n");
                           }).what();
  INFO(what);
  for (const char* words :
       {":3:", "'best' is no key of", ":4:", "steps", "'stepz' is no key of", ":5:", "'qualty' is no key of"})
    CHECK(says(what, words));
}
