#include "core/host/blueprint_cache.h"

#include "core/host/file_stamp.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// The model's own files, the settings that may lie beside a file, and the sources of parts from elsewhere.
std::string sources_stamp(const ModelConfig& model) {
  std::string stamp = tree_stamp(model.source);
  for (const fs::path& beside : {fs::path(model.source) += ".json", fs::path(model.source).replace_extension(".json"),
                                 fs::path(model.source).replace_extension(".yaml")})
    stamp += "\n" + file_stamp(beside);
  for (const auto& [role, part] : model.parts)
    if (!part.source.empty()) stamp += "\n" + tree_stamp(part.source);
  return stamp;
}

template <class Part>
void add_files(const PartChoice<Part>& choice, std::vector<fs::path>& files) {
  for (const std::string& file : choice.files.weights->index().files) files.push_back(file);
  for (const auto& asset : choice.files.assets) files.push_back(asset.second);
}

}  // namespace

std::string BlueprintCache::stamp_of(const ModelConfig& model, const std::vector<fs::path>& files) {
  std::string stamp = sources_stamp(model);
  for (const fs::path& file : files) stamp += "\n" + file_stamp(file);
  return stamp;
}

std::shared_ptr<const Blueprint> BlueprintCache::get(const ModelConfig& model, const BeforeLook& before_look) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(model.id);
    if (found != entries_.end() && found->second.source == model.source &&
        found->second.stamp == stamp_of(model, found->second.files))
      return found->second.blueprint;
  }
  const std::string before = sources_stamp(model);
  if (before_look) before_look(model.id, before);
  Entry entry;
  entry.source = model.source;
  entry.blueprint = std::make_shared<const Blueprint>(make_(model));
  entry.blueprint->parts.each([&](const std::string&, const auto& choice) { add_files(choice, entry.files); });
  entry.stamp = stamp_of(model, entry.files);
  const bool changed_meanwhile = entry.stamp.compare(0, before.size(), before) != 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (changed_meanwhile)
    entries_.erase(model.id);
  else
    entries_[model.id] = entry;
  return entry.blueprint;
}

void BlueprintCache::keep_only(const std::map<std::string, ModelConfig>& models) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();)
    entry = models.count(entry->first) == 0 ? entries_.erase(entry) : std::next(entry);
}

}  // namespace alice
