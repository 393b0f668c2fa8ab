#include "server/config/retention_section.h"

namespace alice {
namespace {

constexpr double kLongestAge = 100.0 * 365 * 24 * 3600;

}  // namespace

const OptionTable<RetentionLimits>& retention_options() {
  using L = RetentionLimits;
  static const auto table = OptionTable<L>()
                                .number("max_age", &L::max_age_s, {1, kLongestAge}, "what is older goes", "seconds")
                                .integer("max_count", &L::max_count, {0, 1e12}, "the oldest of more go")
                                .integer("max_size", &L::max_size, {0, 1e18}, "the oldest of more go", "bytes");
  return table;
}

void read_retention(const ConfigNode& node, SectionReader& reader, ServerConfig& server) {
  if (!reader.is_map(node, "retention", {"jobs", "pictures", "records"})) return;
  for (const auto& [key, place, value] : node.members) {
    RetentionLimits& limits = key == "jobs"       ? server.retained_jobs
                              : key == "pictures" ? server.retained_pictures
                                                  : server.retained_records;
    if (reader.is_map(value, "retention." + key, names_of(retention_options())))
      reader.read_options(retention_options(), value, limits);
  }
}

}  // namespace alice
