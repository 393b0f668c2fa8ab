#include "server/serve/storage.h"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <iostream>
#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/front/retention_settings.h"
#include "server/jobs/job_store.h"
#include "server/worker/table.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

std::string size_text(int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"B", "kB", "MB", "GB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); value /= 1000) ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

const char* word_of(RetentionReason reason) {
  switch (reason) {
    case RetentionReason::age: return "too old";
    case RetentionReason::count: return "too many";
    case RetentionReason::bytes: return "too much room";
  }
  return "";  // not reached
}

Json json_of(const StorageUse& use) {
  return {{"jobs", use.jobs},         {"kept_jobs", use.kept_jobs},         {"pictures", use.pictures},
          {"picture_bytes", use.picture_bytes}, {"database_bytes", use.database_bytes}};
}

void print_use(const StorageUse& use) {
  print_table({{"", "NUMBER", "SIZE"},
               {"jobs that have ended", std::to_string(use.jobs), size_text(use.database_bytes)},
               {"  of all jobs kept by their owners", std::to_string(use.kept_jobs), ""},
               {"pictures", std::to_string(use.pictures), size_text(use.picture_bytes)}});
}

struct Going {
  std::string what, id;
  int64_t bytes;
  RetentionReason reason;
};

std::vector<Going> all_that_goes(const SweepPreview& preview) {
  std::vector<Going> all;
  for (const ExpiredJob& job : preview.jobs) {
    int64_t bytes = 0;
    for (const PictureFile& picture : job.pictures) bytes += picture.bytes;
    all.push_back({"job", job.id, bytes, job.reason});
  }
  for (const ExpiredPicture& one : preview.pictures)
    all.push_back({"picture", one.picture.file, one.picture.bytes, one.reason});
  return all;
}

Json json_of(const std::vector<Going>& all) {
  Json list = Json::array();
  for (const Going& one : all)
    list.push_back({{one.what, one.id}, {"picture_bytes", one.bytes}, {"reason", word_of(one.reason)}});
  return list;
}

void print_going(const std::vector<Going>& all) {
  std::vector<std::vector<std::string>> rows = {{"WHAT", "NAME", "PICTURES' SIZE", "WHY"}};
  int64_t bytes = 0;
  for (const Going& one : all) {
    rows.push_back({one.what, one.id, size_text(one.bytes), word_of(one.reason)});
    bytes += one.bytes;
  }
  if (!all.empty()) print_table(rows);
  std::cout << fmt::format("{} would go, with pictures of {}.\n", all.size(), size_text(bytes));
}

}  // namespace

int run_storage(const CommandLine& line) {
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = line.config_file;
  sources.data_directory = line.data_directory;
  const ServerConfig server = load_config(sources).server;
  const fs::path database = server.data_directory / kJobDatabase;
  if (!fs::exists(database))
    throw Error(ErrorCode::not_found, database.string(), "there is no database of jobs; --data says where one is");
  const auto store = open_sqlite_job_reader(database.string());
  const SweepPreview preview = store->preview_sweep(retention_of(server), now_ms());
  const bool is_status = line.command == Command::storage_status;
  if (is_status && line.json) std::cout << dump_json(json_of(preview.use)) << "\n";
  if (is_status && !line.json) print_use(preview.use);
  if (is_status) return kExitOk;
  const std::vector<Going> all = all_that_goes(preview);
  if (line.json)
    std::cout << dump_json(json_of(all)) << "\n";
  else
    print_going(all);
  return kExitOk;
}

}  // namespace alice
