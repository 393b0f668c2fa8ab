#include "server/front/http/api_error.h"

#include "core/base/json.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

Json error_of(const ApiError& error) { return Json::parse(error.body()).at("error"); }

}  // namespace

TEST_CASE("an error has all four members") {
  const Json error = error_of(ApiError(400, "bad_request", "steps: too many", "steps"));
  CHECK(error == Json({{"message", "steps: too many"},
                       {"type", "invalid_request_error"},
                       {"param", "steps"},
                       {"code", "bad_request"}}));
  CHECK(error_of(ApiError(404, "not_found", "no"))["param"].is_null());
}

TEST_CASE("a place becomes a field's name as clients write it") {
  CHECK(pointer_to_param("/steps") == "steps");
  CHECK(pointer_to_param("/loras/0/strength") == "loras[0].strength");
  CHECK(pointer_to_param("/sam_config/loraPaths/12") == "sam_config.loraPaths[12]");
  CHECK(pointer_to_param("") == "");
}

TEST_CASE("what is not the client's doing is told in general words") {
  for (const ErrorCode code :
       {ErrorCode::internal, ErrorCode::bad_weights, ErrorCode::bad_config, ErrorCode::out_of_memory,
        ErrorCode::storage_full, ErrorCode::storage_failed}) {
    const ApiError error = to_api_error(Error(code, "/srv/secret/model", "at 0x7f00: secret"), pointer_to_param);
    CHECK(error.status >= 500);
    CHECK(error.message.find("secret") == std::string::npos);
    CHECK(error.param.empty());
  }
}

TEST_CASE("only what costs nothing may be tried again") {
  const ApiError busy = to_api_error(Error(ErrorCode::busy, "", "full"), pointer_to_param, 7);
  CHECK(busy.status == 429);
  CHECK(*find_header(busy.all_headers(), "retry-after") == "7");
  CHECK(*find_header(busy.all_headers(), "x-should-retry") == "true");
  for (const ErrorCode code : {ErrorCode::storage_full, ErrorCode::storage_failed}) {
    const ApiError disk = to_api_error(Error(code, "/srv", "no room"), pointer_to_param, 7);
    CHECK(disk.status == 503);
    CHECK(disk.code == to_string(code));
    CHECK(*find_header(disk.all_headers(), "retry-after") == "10");
    CHECK(*find_header(disk.all_headers(), "x-should-retry") == "true");
  }
  const ApiError fault = to_api_error(Error(ErrorCode::internal, "", ""), pointer_to_param);
  CHECK(*find_header(fault.all_headers(), "x-should-retry") == "false");
}

TEST_CASE("every fault is told, up to twenty, and the first one's field is the parameter") {
  Faults faults;
  throw_if_any(faults);
  for (int k = 0; k < 25; ++k) faults.add("/f" + std::to_string(k), "is wrong");
  try {
    throw_if_any(faults);
    FAIL("nothing was thrown");
  } catch (const ApiError& error) {
    CHECK(error.param == "f0");
    CHECK(error.message.find("f19: is wrong; and 5 more") != std::string::npos);
  }
}

TEST_CASE("an error of several faults is told on one line, each in the client's spelling, and the same once") {
  const std::vector<Fault> faults = {{"/width", "is odd"}, {"/height", "is odd"}, {"", "no place"}};
  const Error several(ErrorCode::bad_request, faults);
  CHECK(to_api_error(several, pointer_to_param).message == "width: is odd; height: is odd; no place");
  const auto as_size = [](const std::string& place) { return std::string(place.empty() ? "" : "size"); };
  const ApiError error = to_api_error(several, as_size);
  CHECK(error.message == "size: is odd; no place");
  CHECK(error.param == "size");
  const Error one(ErrorCode::bad_request, "/prompt", "2 faults:\nof mine");
  CHECK(to_api_error(one, pointer_to_param).message == "prompt: " + one.sentence());  // not taken for several
}

TEST_CASE("an error's size does not grow with what a client wrote") {
  Faults faults;
  faults.add("/" + std::string(1000000, 'k'), std::string(1000000, 's'));
  try {
    throw_if_any(faults);
    FAIL("nothing was thrown");
  } catch (const ApiError& error) {
    CHECK(error.body().size() < 10000);
  }
}

TEST_CASE("last words are a whole answer") {
  for (const std::string& answer : {too_slow_answer(), no_room_answer()}) {
    const size_t head = answer.find("\r\n\r\n") + 4;
    const std::string length = "Content-Length: " + std::to_string(answer.size() - head) + "\r\n";
    CHECK(answer.find(length) != std::string::npos);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.find("x-request-id: ") != std::string::npos);
    CHECK(Json::parse(answer.substr(head)).contains("error"));
  }
}
