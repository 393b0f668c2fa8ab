#include "server/worker/session/job_failure.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>

#include "core/api/tensor.h"
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
    return failure_of(kRun, std::current_exception());
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
