#include "server/config/blocked_words_file.h"

#include <sstream>

#include "core/base/regular_file.h"

namespace alice {
namespace {

constexpr size_t kMostBytes = 4u << 20;

void add_words(const std::string& text, std::vector<std::string>& words) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find_first_not_of(" \t\r"), end = line.find_last_not_of(" \t\r");
    if (begin != line.npos && line[begin] != '#') words.push_back(line.substr(begin, end - begin + 1));
  }
}

}  // namespace

void settle_blocked_words(Config& config, Faults& faults) {
  ServerConfig& server = config.server;
  const std::string place = config.origin("server.blocked_words_file");
  try {
    if (!server.blocked_words_file.empty())
      add_words(read_regular_file(server.blocked_words_file, kMostBytes, ErrorCode::bad_config), server.blocked_words);
  } catch (const Error& e) {
    faults.add(place, e.what());
    return;
  }
  if (server.block_nsfw && server.blocked_words.empty())
    config.warnings.push_back({config.origin("server.block_nsfw"),
                               "server.block_nsfw is true, but no words are said, so no prompt is refused: no list "
                               "comes with ALICE; server.blocked_words and server.blocked_words_file take yours"});
  if (!server.block_nsfw && !server.blocked_words.empty())
    config.warnings.push_back({config.origin("server.blocked_words"),
                               "server.block_nsfw is false, so server.blocked_words has no effect"});
}

}  // namespace alice
