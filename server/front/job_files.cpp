#include "server/front/job_files.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/storage.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecordExtension = ".rec";

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

JobFiles::JobFiles(const fs::path& data_directory, const fs::path& images_directory, int64_t most_reserve)
    : data_(data_directory, "the data folder"),
      records_(data_directory / "records", "the folder of records"),
      inputs_(data_directory / "inputs", "the folder of pictures that jobs are made from"),
      pictures_(images_directory, "the folder of pictures"),
      most_reserve_(most_reserve) {
  for (const KeptFolder* folder : {&data_, &pictures_})
    if (folder->is_open_to_others())
      spdlog::warn("{} is open to other users of this machine: pictures and prompts are people's own; chmod 700 {}",
                   folder->path().string(), folder->path().string());
}

fs::path JobFiles::record_file(const std::string& job) const { return records_.path() / (job + kRecordExtension); }

std::string JobFiles::picture_name(const Job& job, int64_t index) {
  return job.id + "-" + std::to_string(index) +
         extension_of(job.request.generate.output_format.value_or(PictureFormat::png));
}

void JobFiles::check() const {
  for (const KeptFolder* folder : {&data_, &records_, &inputs_, &pictures_}) {
    folder->check();
    check_room(folder->path(), 0, most_reserve_);
  }
}

void JobFiles::restore() const {
  for (const KeptFolder* folder : {&data_, &records_, &inputs_, &pictures_}) folder->restore();
}

void JobFiles::try_writing() const {
  for (const KeptFolder* folder : {&records_, &inputs_, &pictures_}) folder->try_writing();
}

void JobFiles::keep_inputs(const std::vector<SentPicture>& sent) const {
  for (const SentPicture& picture : sent) {
    const fs::path file = inputs_.path() / picture.sha256;
    std::error_code status;
    if (fs::exists(file, status)) continue;
    check_room(inputs_.path(), static_cast<int64_t>(picture.bytes->size()), most_reserve_);
    AtomicFile out(file);
    out.write(*picture.bytes);
    out.commit();
  }
}

void JobFiles::check_inputs(const GenerateRequest& request) const {
  const auto check = [this](const char* field, const std::optional<PictureInput>& input) {
    std::error_code status;
    if (input && !fs::exists(inputs_.path() / input->sha256, status))
      throw Error(ErrorCode::bad_request, field,
                  "no picture of this SHA-256 is here: they are kept until their jobs are over; send its bytes");
  };
  check("/image", request.image);
  check("/mask", request.mask);
}

void JobFiles::sweep_inputs(const std::vector<Job>& unfinished) const {
  std::set<std::string> in_use;
  for (const Job& job : unfinished)
    for (const auto& input : {job.request.generate.image, job.request.generate.mask})
      if (input) in_use.insert(input->sha256);
  for_each_entry(inputs_.path(), [&](const fs::path& file) {
    const std::string name = file.filename().string();
    if (is_left_over(file) || (is_sha256(name) && in_use.count(name) == 0)) remove_file(file);
  });
}

bool JobFiles::has_inputs() const {
  std::error_code status;
  return !fs::is_empty(inputs_.path(), status) && !status;
}

void JobFiles::remove_record(const std::string& job) const { remove_file(record_file(job)); }

void JobFiles::remove_pictures(const Job& job) const {
  for (int64_t index = 0; index < job.request.generate.n; ++index) remove_picture(picture_name(job, index));
}

void JobFiles::remove_picture(const std::string& file) const { remove_file(pictures_.path() / file); }

std::vector<RecordFile> JobFiles::records() const {
  std::vector<RecordFile> records;
  for_each_entry(records_.path(), [&](const fs::path& file) {
    struct stat status {};
    if (file.extension() != kRecordExtension || ::stat(file.c_str(), &status) != 0) return;
    const int64_t written_ms = int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
    records.push_back({file.stem().string(), status.st_size, written_ms});
  });
  std::sort(records.begin(), records.end(),
            [](const RecordFile& a, const RecordFile& b) { return a.written_ms < b.written_ms; });
  return records;
}

void JobFiles::sweep_pictures() const {
  for_each_entry(pictures_.path(), [](const fs::path& file) {
    if (is_left_over(file)) remove_file(file);
  });
}

void JobFiles::sweep(const std::set<std::string>& unfinished) const {
  sweep_pictures();
  for_each_entry(records_.path(), [&](const fs::path& file) {
    if (file.extension() == kRecordExtension && unfinished.count(file.stem().string()) == 0) remove_file(file);
  });
}

}  // namespace alice
