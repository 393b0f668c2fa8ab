#include "server/worker/session/job_failure.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>

#include "core/api/tensor.h"
#include "core/host/plugin_call.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const JobRun kRun = {"a", 2};

/// What the front is told when `action` throws.
template <class Action>
JobFailed failure(Action&& action) {
  try {
    action();
  } catch (...) {
    return failure_of(kRun, std::current_exception(), " at work");
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace

TEST_CASE("an error keeps code, place and sentence") {
  const JobFailed failed = failure([] { throw Error(ErrorCode::bad_weights, "models/x", "is damaged"); });
  CHECK(failed.run.job == "a");
  CHECK(failed.run.attempt == 2);
  CHECK(failed.code == ErrorCode::bad_weights);
  CHECK(failed.place == "models/x");
  CHECK(failed.sentence == "is damaged");
}

TEST_CASE("what a plugin refuses wrongly, or returns in another shape, is internal, and names it and where") {
  const auto check = [](const JobFailed& failed, const std::string& sentence) {
    CHECK(failed.code == ErrorCode::internal);
    CHECK(failed.place == kWorkerPlace);
    CHECK(failed.sentence == sentence);
  };
  for (const ErrorCode code : {ErrorCode::bad_request, ErrorCode::bad_config, ErrorCode::not_found})
    check(failure([&] { call_plugin("the UNet", [&]() -> int { throw Error(code, "/x", "is wrong"); }); }),
          "the UNet refused what was right: /x: is wrong at work");
  check(failure([] { with_shape(at::zeros({1, 3}), {1, 4}, "the VAE"); }),
        "the VAE returned a tensor of shape [1, 3], [1, 4] is needed at work");
  check(failure([] { with_shape({}, {1, 4}, "the VAE"); }), "the VAE returned no tensor at work");
  check(failure([] { all_finite(at::full({2}, 1.0) / 0, "the VAE"); }),
        "the VAE returned numbers that are not finite at work");
}

TEST_CASE("what passes through a plugin's call stays what it is") {
  for (const ErrorCode code : {ErrorCode::cancelled, ErrorCode::out_of_memory, ErrorCode::bad_weights,
                               ErrorCode::unsupported, ErrorCode::internal}) {
    const JobFailed failed =
        failure([&] { call_plugin("the UNet", [&]() -> int { throw Error(code, "/x", "is so"); }); });
    CHECK((failed.code == code && failed.place == "/x" && failed.sentence == "is so"));
  }
  const JobFailed inner = failure([] {
    call_plugin("the scheduler", [] {
      return call_plugin("the UNet", []() -> int { throw Error(ErrorCode::bad_request, "x", "no"); });
    });
  });
  CHECK(says(inner.sentence, "the UNet refused"));
}

TEST_CASE("want of memory is out_of_memory, whoever noticed it") {
  CHECK(failure([] { throw std::bad_alloc(); }).code == ErrorCode::out_of_memory);
  CHECK(failure([] { at::empty({int64_t{1} << 58}, at::kByte); }).code == ErrorCode::out_of_memory);
}

TEST_CASE("whatever else is thrown is internal, and nothing of its text is told") {
  const std::string secret = "0x7fffdead";
  for (const JobFailed& failed :
       {failure([&] { throw std::runtime_error(secret); }), failure([&] { TORCH_CHECK(false, secret); }),
        failure([&] { throw secret; }), failure([] { throw 42; })}) {
    CHECK(failed.code == ErrorCode::internal);
    CHECK_FALSE(failed.sentence.empty());
    CHECK_FALSE(says(failed.place + failed.sentence, secret));
  }
}
