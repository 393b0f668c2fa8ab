#include "core/host/declared_prediction.h"

#include <algorithm>
#include <sstream>

#include "core/base/regular_file.h"
#include "core/base/text.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongest = 1 << 20;  // bytes; those of published models have 2,000

/// The word for it in scheduler_config.json; "" when `word` is none.
std::string prediction_of(const std::string& word) {
  if (word == "v" || word == "v_prediction" || word == "v-prediction") return "v_prediction";
  if (word == "eps" || word == "epsilon") return "epsilon";
  if (word == "x0" || word == "sample") return "sample";
  return "";
}

/// The value of `key` in a text of YAML, wherever it stands, without quotes and comment: these files are read for one
/// word, and by people who know what it means.
std::string value_of(const std::string& key, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, std::min(line.find_first_not_of(" \t-"), line.size()));
    if (line.compare(0, key.size() + 1, key + ":") != 0) continue;
    line = line.substr(key.size() + 1, line.find('#') - (key.size() + 1));
    const size_t begin = line.find_first_not_of(" \t\r\"'");
    return begin == line.npos ? "" : line.substr(begin, line.find_last_not_of(" \t\r\"'") - begin + 1);
  }
  return "";
}

}  // namespace

std::vector<DeclaredPrediction> declared_predictions(const fs::path& file,
                                                     const std::map<std::string, std::string>& metadata) {
  std::vector<DeclaredPrediction> found;
  const auto add = [&](const std::string& word, const std::string& place) {
    if (std::string type = prediction_of(word); !type.empty()) found.push_back({std::move(type), place});
  };
  const auto said = [&](const char* name) {
    const auto member = metadata.find(name);
    return member == metadata.end() ? std::string() : member->second;
  };
  std::error_code status;
  const fs::path beside = fs::path(file).replace_extension(".yaml");
  if (fs::exists(beside, status))
    add(value_of("parameterization", read_regular_file(beside, kLongest)), beside.filename().string() + " beside it");
  add(said("modelspec.prediction_type"), "its metadata (modelspec.prediction_type)");
  if (ends_with(said("modelspec.architecture"), "-768-v")) add("v", "its metadata (modelspec.architecture)");
  return found;
}

}  // namespace alice
