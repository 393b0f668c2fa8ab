#include "server/jobs/job.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>

#include "core/base/sha256.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

const std::array<std::pair<JobStatus, const char*>, 6> kWords = {{{JobStatus::queued, "queued"},
                                                                  {JobStatus::running, "running"},
                                                                  {JobStatus::cancelling, "cancelling"},
                                                                  {JobStatus::succeeded, "succeeded"},
                                                                  {JobStatus::failed, "failed"},
                                                                  {JobStatus::cancelled, "cancelled"}}};

constexpr size_t kTimeDigits = 12;  // of an id: 48 bits

/// The time of the id that was made last.
std::atomic<uint64_t> last_ms{0};

/// now_ms(), but always later than the last time: so the ids of a process grow, even within a millisecond and when the
/// clock is set back.
uint64_t growing_ms() {
  const auto now = static_cast<uint64_t>(now_ms());
  uint64_t before = last_ms.load(), ms = 0;
  do ms = std::max(now, before + 1);
  while (!last_ms.compare_exchange_weak(before, ms));
  return ms;
}

}  // namespace

const char* to_string(JobStatus status) {
  for (const auto& [one, word] : kWords)
    if (one == status) return word;
  return "failed";  // not reached: the table is complete
}

std::optional<JobStatus> job_status_from(const std::string& word) {
  for (const auto& [one, its_word] : kWords)
    if (word == its_word) return one;
  return std::nullopt;
}

std::vector<std::string> job_status_words() {
  std::vector<std::string> words;
  for (const auto& entry : kWords) words.emplace_back(entry.second);
  return words;
}

bool has_ended(JobStatus status) {
  return status == JobStatus::succeeded || status == JobStatus::failed || status == JobStatus::cancelled;
}

bool is_label(const std::string& text) {
  constexpr size_t kLongest = 64;
  const std::u32string letters = decode_utf8(text);
  const auto breaks = [](char32_t c) { return c < U' ' || c == U'\x7f' || c == U'\x2028' || c == U'\x2029'; };
  return !letters.empty() && letters.size() <= kLongest && letters.front() != U' ' && letters.back() != U' ' &&
         std::none_of(letters.begin(), letters.end(), breaks);
}

std::string fingerprint_of(const JobRequest& request) {
  Json asked = {{"request", write_generate_request(request.generate)}, {"preview_every", request.preview_every}};
  const JobTerms& terms = request.terms;  // but for the deadline, which is counted from when a request came
  if (!terms.label.empty()) asked["label"] = terms.label;
  if (terms.priority != 0) asked["priority"] = terms.priority;
  return sha256_of(dump_json(asked));
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string new_job_id() {
  uint64_t ms = growing_ms();
  std::array<unsigned char, 16> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  for (size_t i = 6; i-- > 0; ms >>= 8) bytes[i] = static_cast<unsigned char>(ms);
  std::string id(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(id.data(), id.size(), bytes.data(), bytes.size());
  id.pop_back();
  return id;
}

void ids_begin_above(const std::string& id) {
  uint64_t ms = 0;
  const char* const end = id.data() + std::min(id.size(), kTimeDigits);
  if (std::from_chars(id.data(), end, ms, 16).ptr != end || id.size() < kTimeDigits) return;
  uint64_t before = last_ms.load();
  while (before < ms && !last_ms.compare_exchange_weak(before, ms)) {
  }
}

}  // namespace alice
