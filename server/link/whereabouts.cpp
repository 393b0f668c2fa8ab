#include "server/link/whereabouts.h"

namespace alice {
namespace {

std::string doing(const Whereabouts& where) {
  if (!where.progress.has_value()) return " before it said what it did";
  return std::string(" ") + in_words(where.progress->stage);
}

/// "": nothing is known.
std::string circumstances(const Whereabouts& where) {
  std::vector<std::string> words;
  if (where.progress.has_value() && where.progress->stage == JobStage::denoise)
    words.push_back("step " + std::to_string(where.progress->done) + " of " + std::to_string(where.progress->total));
  if (!where.model.empty()) words.push_back(where.model);
  if (!where.scheduler.empty()) words.push_back("scheduler " + where.scheduler);
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? " (" : ", ") + word;
  return text.empty() ? text : text + ")";
}

}  // namespace

std::string in_words(const Whereabouts& where) {
  return doing(where) + in_code_of(where.plugins) + circumstances(where);
}

}  // namespace alice
