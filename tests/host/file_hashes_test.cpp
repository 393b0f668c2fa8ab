#include "core/host/file_hashes.h"

#include <thread>

#include "core/base/sha256.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Several blocks, the last one not whole.
std::string large(char first) {
  std::string bytes((size_t{9} << 20) + 12345, first);
  for (size_t i = 0; i < bytes.size(); i += 4096) bytes[i] = static_cast<char>(i >> 12);
  return bytes;
}

}  // namespace

TEST_CASE("a file has its hash, whoever reads it and however many wait for it") {
  const TempFolder folder;
  const std::string bytes = large('a');
  const std::filesystem::path file = folder.write("a", bytes), other = folder.write("b", large('b'));
  FileHashes hashes("");
  hashes.begin({other, file});
  std::vector<std::string> found(4);
  std::vector<std::thread> waiting;
  for (std::string& one : found) waiting.emplace_back([&] { one = hashes.get(file); });
  for (std::thread& thread : waiting) thread.join();
  for (const std::string& one : found) CHECK(one == sha256_of(bytes));
  CHECK(hashes.get(other) == sha256_of(large('b')));
  CHECK(hashes.get(folder.write("empty", "")) == sha256_of(""));
}

TEST_CASE("a file that cannot be read has no hash, and one that has changed another") {
  const TempFolder folder;
  FileHashes hashes("");
  CHECK(hashes.get(folder / "nothing").empty());
  CHECK(hashes.get(folder.path()).empty());
  const std::filesystem::path file = folder.write("a", "one");
  CHECK(hashes.get(file) == sha256_of("one"));
  folder.write("a", "another");
  CHECK(hashes.get(file) == sha256_of("another"));
}

TEST_CASE("who waits for a hash may stop waiting, and the others get it") {
  const TempFolder folder;
  const std::string bytes = large('c');
  const std::filesystem::path file = folder.write("c", bytes);
  FileHashes hashes("");
  struct Stop {};
  try {
    hashes.get(file, [] { throw Stop(); });
  } catch (const Stop&) {  // unless it was read by then
  }
  CHECK(hashes.get(file) == sha256_of(bytes));
}
