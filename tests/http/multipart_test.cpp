#include "server/front/http/multipart.h"

#include "core/base/sha256.h"
#include "server/front/http/api_error.h"
#include "server/front/http/base64.h"
#include "server/front/http/json_body.h"
#include "server/front/http/sent_body.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

constexpr const char* kType = "multipart/form-data; boundary=\"x y\"";
const std::string kPng = "\x89PNG\r\n\x1a\n and more\r\n--x";

std::string part(const std::string& disposition, const std::string& bytes) {
  return "--x y\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + bytes + "\r\n";
}
const std::string kForm = part("name=\"prompt\"", "a cat") + part("name=steps", "20") +
                          part("name=\"image\"; filename=\"a \\\"b\\\"; c.png\"", kPng) + "--x y--\r\n";

/// The status of the refusal; 0: it was read.
int refusal(const std::string& body, const std::string& type = kType) {
  try {
    read_sent_body(body, type);
    return 0;
  } catch (const ApiError& error) {
    CHECK_FALSE(error.message.empty());
    return error.status;
  }
}

}  // namespace

TEST_CASE("a form comes apart into its parts, byte for byte") {
  const std::vector<FormPart> parts = read_multipart(kForm, kType);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].name == "prompt");
  CHECK(parts[0].bytes == "a cat");
  CHECK(parts[1].name == "steps");
  CHECK(parts[2].name == "image");
  CHECK(parts[2].file_name == "a \"b\"; c.png");
  CHECK(parts[2].bytes == kPng);
  CHECK(read_multipart("a preamble\r\n" + kForm + "what follows", kType).size() == 3);
  CHECK(is_multipart("Multipart/Form-Data ; boundary=x"));
  CHECK_FALSE(is_multipart("application/json; multipart/form-data"));
}

TEST_CASE("fields of a form are what JSON would hold; a picture is known by its hash") {
  const SentBody body = read_sent_body(kForm, kType);
  CHECK(body.faults.empty());
  CHECK(body.fields == Json{{"prompt", "a cat"}, {"steps", 20}, {"image", {{"sha256", sha256_of(kPng)}}}});
  REQUIRE(body.pictures.size() == 1);
  CHECK(*body.pictures[0].bytes == kPng);
  const auto value = [](const std::string& name, const std::string& text) {
    return read_sent_body(part("name=" + name, text) + "--x y--", kType).fields.at(name);
  };
  CHECK(value("prompt", "20") == "20");
  CHECK(value("outputFormat", "jpeg") == "jpeg");
  CHECK(value("cfg_scale", "7.5") == 7.5);
  CHECK(value("steps", "many") == "many");
  CHECK(value("loras", "[\"hats\"]") == Json::array({"hats"}));
  const SentBody mixed =
      read_sent_body(part("name=request", "{\"steps\": 3}") + part("name=n", "2") + "--x y--", kType);
  CHECK(mixed.fields == Json{{"steps", 3}, {"n", 2}});
}

TEST_CASE("a picture in JSON is a data URL or base64, and the same bytes") {
  for (const std::string& text : {to_base64(kPng), "data:image/png;base64," + to_base64(kPng)}) {
    const SentBody body = read_sent_body(dump_json({{"prompt", "x"}, {"image", text}}), "application/json");
    CHECK(body.faults.empty());
    REQUIRE(body.pictures.size() == 1);
    CHECK(body.pictures[0].sha256 == sha256_of(kPng));
    CHECK(body.fields.at("image") == Json{{"sha256", sha256_of(kPng)}});
  }
  for (const Json& wrong : {Json("http://a/b.png"), Json("data:image/png,abc"), Json("*"), Json(7), Json("R0lGODlh")}) {
    const SentBody body = read_sent_body(dump_json({{"image", wrong}}), "application/json");
    REQUIRE(body.faults.list().size() == 1);
    CHECK(body.faults.list()[0].place == "/image");
    CHECK(body.pictures.empty());
  }
}

TEST_CASE("strings may be long where pictures are, and nowhere else") {
  const std::string base64(700'000, 'A');
  CHECK_THROWS_AS(read_json_body("{\"image\": \"" + base64 + "\"}"), ApiError);
  CHECK_NOTHROW(read_json_body("{\"image\" :\n \"" + base64 + "\"}", {"image"}));
  for (const std::string before : {"{\"imag\": ", "{\"a\": {\"b\": ", "[", "{\"image\": \"x\", \"prompt\": "})
    CHECK_THROWS_AS(read_json_body(before + "\"" + base64 + "\"", {"image"}), ApiError);
}

TEST_CASE("base64 is read back, with blanks and without padding; what is none is not") {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    const std::string text = to_base64(bytes);
    CHECK(from_base64(text) == bytes);
    CHECK(from_base64(text.substr(0, text.find('='))) == bytes);
    CHECK(from_base64(" " + text + "\r\n") == bytes);
  }
  for (const char* text : {"Zg=", "Z", "Zm9v!", "Zm 9v=", "_-_-"}) CHECK_FALSE(from_base64(text).has_value());
}

TEST_CASE("a form that is cut, or has any byte changed, is read or refused as the client's fault") {
  for (size_t size = 0; size + 4 < kForm.size(); ++size) CHECK(refusal(kForm.substr(0, size)) == 400);
  std::string mutant = kForm;
  for (size_t at = 0; at < kForm.size(); ++at) {
    for (const char value : {'\0', '"', '\\', ';', '\r', '\n', '-', '\xff'}) {
      mutant[at] = value;
      const int status = refusal(mutant);
      if (status != 0 && status != 400) FAIL("status " << status << " at " << at);
    }
    mutant[at] = kForm[at];
  }
  CHECK(refusal(kForm, "multipart/form-data") == 400);
  CHECK(refusal(kForm, "multipart/form-data; boundary=" + std::string(71, 'x')) == 400);
  CHECK(refusal("") == 400);
  CHECK(refusal(part("name=steps", "1") + part("name=steps", "1") + "--x y--") == 400);
  CHECK(refusal(part("filename=x", "1") + "--x y--") == 400);
  std::string many;
  for (int i = 0; i < 301; ++i) many += part("name=a" + std::to_string(i), "1");
  CHECK(refusal(many + "--x y--") == 400);
}
