#include "server/front/job_files.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecordExtension = ".rec";

void make_folder(const fs::path& folder) {
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) throw Error(ErrorCode::bad_config, folder.string(), "the folder cannot be made: " + fault.message());
}

void remove_file(const fs::path& file) {
  std::error_code fault;
  fs::remove(file, fault);  // one that is not there is no fault
  if (fault) spdlog::warn("{} cannot be removed: {}", file.string(), fault.message());
}

/// Calls `action` with each entry of a folder.
template <class Action>
void for_each_entry(const fs::path& folder, Action&& action) {
  std::error_code fault;
  for (fs::directory_iterator entry(folder, fault), end; !fault && entry != end; entry.increment(fault))
    action(entry->path());
  if (fault) spdlog::warn("{} cannot be listed: {}", folder.string(), fault.message());
}

/// AtomicFile's names aside: ".alice-<process>-...part". Another program may be writing in the same folder.
bool is_left_over(const fs::path& file) {
  constexpr std::string_view kStart = ".alice-";
  const std::string name = file.filename().string();
  if (name.compare(0, kStart.size(), kStart) != 0 || file.extension() != ".part") return false;
  pid_t writer = 0;
  const char* digits = name.c_str() + kStart.size();
  if (std::from_chars(digits, name.c_str() + name.size(), writer).ec != std::errc() || writer <= 0) return false;
  return kill(writer, 0) != 0 && errno == ESRCH;
}

}  // namespace

JobFiles::JobFiles(const fs::path& data_directory, fs::path images_directory)
    : records_(fs::absolute(data_directory / "records")), pictures_(fs::absolute(std::move(images_directory))) {
  make_folder(records_);
  make_folder(pictures_);
}

fs::path JobFiles::record_file(const std::string& job) const { return records_ / (job + kRecordExtension); }

std::string JobFiles::picture_name(const std::string& job, int64_t index) {
  return job + "-" + std::to_string(index) + ".png";
}

void JobFiles::remove_record(const std::string& job) const { remove_file(record_file(job)); }

void JobFiles::remove_pictures(const Job& job) const {
  for (int64_t index = 0; index < job.request.generate.n; ++index) remove_file(pictures_ / picture_name(job.id, index));
}

void JobFiles::sweep_pictures() const {
  for_each_entry(pictures_, [](const fs::path& file) {
    if (is_left_over(file)) remove_file(file);
  });
}

void JobFiles::sweep(const std::set<std::string>& unfinished) const {
  sweep_pictures();
  for_each_entry(records_, [&](const fs::path& file) {
    if (file.extension() == kRecordExtension && unfinished.count(file.stem().string()) == 0) remove_file(file);
  });
}

}  // namespace alice
