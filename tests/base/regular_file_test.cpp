#include "core/base/regular_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "core/base/json.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr size_t kLimit = 1000;

Error refusal(const std::filesystem::path& file) {
  const Error error = error_of([&] { read_regular_file(file, kLimit); });
  CHECK(error.place() == file.string());
  return error;
}

void make_socket(const std::filesystem::path& file) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, file.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(descriptor);
}

}  // namespace

TEST_CASE("a regular file is read whole, through links too, and in parts") {
  const TempFolder folder;
  folder.write("x", std::string("a\0b\n", 4));
  folder.write("empty", "");
  std::filesystem::create_symlink("x", folder / "link");
  for (const char* name : {"x", "link"}) CHECK(read_regular_file(folder / name, kLimit) == std::string("a\0b\n", 4));
  CHECK(read_regular_file(folder / "empty", 0).empty());
  const RegularFile file(folder / "x");
  CHECK(file.size() == 4);
  CHECK(file.read(2, 1) == "b");
  CHECK(file.read(4, 0).empty());
}

TEST_CASE("devices, pipes, sockets, folders and files of the kernel's are refused, none waits") {
  const TempFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  make_socket(folder / "socket");
  std::filesystem::create_symlink("/dev/zero", folder / "device");
  std::filesystem::create_symlink("/proc/self/environ", folder / "environment");
  for (const auto& file : {folder / "pipe", folder / "socket", folder / "device", folder.path(), folder / "environment",
                           std::filesystem::path("/dev/null"), std::filesystem::path("/proc/cpuinfo"),
                           std::filesystem::path("/sys/kernel/mm/transparent_hugepage/enabled")}) {
    if (!std::filesystem::exists(file)) continue;  // not every kernel has the last
    INFO(file);
    CHECK(refusal(file).code() == ErrorCode::bad_weights);
  }
  CHECK(says(refusal(folder / "pipe").sentence(), "a pipe"));
  CHECK(says(refusal(folder.path()).sentence(), "a folder"));
  CHECK(says(refusal("/proc/cpuinfo").sentence(), "kernel"));
}

TEST_CASE("what is not there is not found; what is too long or becomes shorter is refused as the caller says") {
  const TempFolder folder;
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  std::filesystem::create_symlink("circle", folder / "circle");
  CHECK(refusal(folder / "none").code() == ErrorCode::not_found);
  CHECK(refusal(folder / "none/x").code() == ErrorCode::not_found);
  CHECK(refusal(folder / "dangling").code() == ErrorCode::not_found);
  CHECK(refusal(folder / "circle").code() == ErrorCode::bad_weights);
  folder.write("long", std::string(kLimit + 1, 'x'));
  CHECK(says(refusal(folder / "long").sentence(), "at most 1000"));
  CHECK(error_of([&] { read_regular_file(folder / "long", kLimit, ErrorCode::bad_config); }).code() ==
        ErrorCode::bad_config);
  const RegularFile file(folder / "long");
  std::filesystem::resize_file(folder / "long", 10);
  CHECK(says(error_of([&] { file.read(0, 11); }).sentence(), "being changed"));
}

TEST_CASE("JSON is read of regular files, and what lies in their place is called what it is") {
  const TempFolder folder;
  REQUIRE(::mkfifo((folder / "pipe.json").c_str(), 0600) == 0);
  CHECK(error_of([&] { read_json_file(folder / "pipe.json"); }).code() == ErrorCode::bad_weights);
  folder.write("lfs.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n");
  CHECK(says(error_of([&] { read_json_file(folder / "lfs.json"); }).sentence(), "Git LFS"));
  folder.write("page.json", "<!DOCTYPE html>\n<title>Sign in</title>");
  CHECK(says(error_of([&] { read_json_file(folder / "page.json"); }).sentence(), "web page"));
  folder.write("empty.json", "");
  CHECK(says(error_of([&] { read_json_file(folder / "empty.json"); }).sentence(), "empty"));
}
