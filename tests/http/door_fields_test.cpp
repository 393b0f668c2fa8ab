#include "server/front/http/door_fields.h"

#include "tests/support/catch.h"

using namespace alice;

namespace {

const std::vector<FieldRule> kRules = {{"steps", FieldUse::generate},
                                       {"prompt", FieldUse::generate},
                                       {"guidanceScale", FieldUse::generate, "guidance_scale"},
                                       {"guidance_scale", FieldUse::generate},
                                       {"format", FieldUse::door},
                                       {"quality", FieldUse::ignored},
                                       {"stream", FieldUse::refused, "streaming is not supported"}};

struct Sorted {
  DoorFields fields;
  Faults faults;
};

Sorted sort(const char* text, const std::string& prefix = "/sam_config") {
  Sorted sorted;
  sort_fields(Json::parse(text), prefix, kRules, sorted.fields, sorted.faults);
  return sorted;
}

/// The faults of one field of a picture.
std::vector<Fault> faults_of(const std::string& field, const Json& value) {
  DoorFields fields;
  fields.generate[field] = value;
  Faults faults;
  read_generate_fields(fields, faults);
  return faults.list();
}

}  // namespace

TEST_CASE("fields go where their rules say") {
  const Sorted sorted = sort(R"({"steps": 3, "guidanceScale": 2, "format": "x", "quality": 1, "stream": false})");
  CHECK(sorted.faults.empty());
  CHECK(sorted.fields.refused.empty());
  CHECK(sorted.fields.generate == Json({{"steps", 3}, {"guidance_scale", 2}}));
  CHECK(sorted.fields.door == Json({{"format", "x"}}));
  CHECK(sorted.fields.warnings == std::vector<std::string>{"sam_config.quality: has no effect here"});
}

TEST_CASE("null means absent") {
  const Sorted sorted = sort(R"({"steps": null, "quality": null, "stream": null})");
  CHECK(sorted.fields.generate.empty());
  CHECK(sorted.fields.warnings.empty());
  CHECK(sorted.fields.refused.empty());
}

TEST_CASE("an unknown field is a fault with the nearest name") {
  const Sorted sorted = sort(R"({"stepps": 3})");
  REQUIRE(sorted.faults.list().size() == 1);
  CHECK(sorted.faults.list()[0].place == "/sam_config/stepps");
  CHECK(sorted.faults.list()[0].sentence.find("did you mean 'steps'?") != std::string::npos);
}

TEST_CASE("one thing in two spellings is a fault") {
  const Sorted sorted = sort(R"({"guidanceScale": 2, "guidance_scale": 3})");
  REQUIRE(sorted.faults.list().size() == 1);
  CHECK(sorted.faults.list()[0].sentence.find("sam_config.guidanceScale") != std::string::npos);
}

TEST_CASE("what is not built is refused unless it asks for nothing") {
  for (const char* text : {R"({"stream": false})", R"({"stream": 0})", R"({"stream": ""})", R"({"stream": []})"})
    CHECK(sort(text).fields.refused.empty());
  for (const char* text : {R"({"stream": true})", R"({"stream": 1})", R"({"stream": "no"})", R"({"stream": [0]})"})
    CHECK(sort(text).fields.refused.list().size() == 1);
}

TEST_CASE("too many members are refused before they are looked at") {
  Json object;
  for (int k = 0; k < 201; ++k) object["k" + std::to_string(k)] = 1;
  const Sorted sorted = sort(object.dump().c_str());
  CHECK(sorted.faults.list().size() == 1);
}

TEST_CASE("faults stand where the client wrote the field") {
  Sorted sorted = sort(R"({"guidanceScale": -1})");
  read_generate_fields(sorted.fields, sorted.faults);
  REQUIRE(sorted.faults.list().size() == 1);
  CHECK(sorted.faults.list()[0].place == "/sam_config/guidanceScale");
}

TEST_CASE("later errors are told in the client's spelling, and paths are no fields") {
  const ParamOf param_of = sort(R"({"guidanceScale": 1})").fields.param_of();
  CHECK(param_of("/guidance_scale") == "sam_config.guidanceScale");
  CHECK(param_of("/width") == "width");
  CHECK(param_of("/loras/0/name") == "loras[0].name");
  for (const char* path : {"/srv/models/x", "models/x", "", "/"}) CHECK(param_of(path) == "");
}

TEST_CASE("names are no paths") {
  for (const char* name : {"/etc/passwd", "../x", "sd/../x", "~/x", "./x", "a\\b", ".."}) {
    CHECK(faults_of("model", name).size() == 1);
    CHECK(faults_of("scheduler", name).size() == 1);
    CHECK(faults_of("loras", Json::array({name})).size() == 1);
    CHECK(faults_of("prompt", "a <lora:" + std::string(name) + ":1>").size() == 1);
  }
  for (const char* name : {"sd/emoji", "style-v1.5", "a b", "\xC3\xA4"}) {
    CHECK(faults_of("model", name).empty());
    CHECK(faults_of("loras", Json::array({name})).empty());
  }
}

TEST_CASE("prompts, names and lists have lengths") {
  CHECK(faults_of("prompt", std::string(100000, 'x')).empty());
  CHECK(faults_of("prompt", std::string(100001, 'x')).size() == 1);
  CHECK(faults_of("negative_prompt", std::string(100001, 'x')).size() == 1);
  CHECK(faults_of("model", std::string(301, 'x')).size() == 1);
  CHECK(faults_of("loras", Json(std::vector<std::string>(100, "x"))).empty());
  CHECK(faults_of("loras", Json(std::vector<std::string>(101, "x"))).size() == 1);
}

TEST_CASE("a job's warnings come in the client's spelling behind the door's own") {
  const ParamOf param_of = sort(R"({"guidanceScale": 1})").fields.param_of();
  const std::vector<std::string> warnings =
      all_warnings({"own"}, {"/guidance_scale: is 1", "no place", "models/x: odd"}, param_of);
  CHECK(warnings == std::vector<std::string>{"own", "sam_config.guidanceScale: is 1", "no place", "models/x: odd"});
}
