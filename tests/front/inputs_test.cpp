// Pictures that jobs are made from: on the disk before a job is taken, and no longer than it.

#include "core/base/sha256.h"
#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

JobRequest request_with(const std::string& bytes, const Json& script = {{"steps", 1}}) {
  JobRequest request;
  request.generate.prompt = script.dump();
  request.generate.image = PictureInput{sha256_of(bytes)};
  request.sent = {{sha256_of(bytes), std::make_shared<const std::string>(bytes)}};
  return request;
}

std::filesystem::path file_of(const DeskRoom& room, const std::string& bytes) {
  return room.settings.data_directory / "inputs" / sha256_of(bytes);
}

}  // namespace

TEST_CASE("a picture that a job is made from lies on the disk when the job is taken, and its bytes in no job") {
  DeskRoom room;
  const Job job = room.submit(request_with("one picture"));
  CHECK(bytes_of(file_of(room, "one picture")) == "one picture");
  CHECK(job.request.sent.empty());
  CHECK(room.find(job.id).request.generate.image == PictureInput{sha256_of("one picture")});
  CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
}

TEST_CASE("a picture is named by its hash again for as long as it is kept; one that is not is the client's fault") {
  DeskRoom room;
  room.wait_ready();
  JobRequest again = request_with("one picture");
  again.sent.clear();
  const Error error = error_of([&] { room.submit(again); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(error.place() == "/image");
  CHECK(says(error.sentence(), "send its bytes"));
  room.submit(request_with("one picture"));
  CHECK_NOTHROW(room.submit(again));
}

TEST_CASE("after a restart pictures of jobs that wait are kept, and no others") {
  DeskRoom room;
  room.wait_ready();
  room.wait_end(room.submit(request_with("of a job that ended")).id);
  room.close();
  room.settings.workers.arguments = {"/bin/false"};
  const Job waiting = room.submit(request_with("of a job that waits"));
  room.close();
  room.folder.write("data/inputs/notes.txt", "a person's own");
  room.desk();
  wait_until([&] { return !std::filesystem::exists(file_of(room, "of a job that ended")); });
  CHECK(std::filesystem::exists(file_of(room, "of a job that waits")));
  CHECK(std::filesystem::exists(room.settings.data_directory / "inputs/notes.txt"));
}
