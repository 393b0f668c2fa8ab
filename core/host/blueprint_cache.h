#pragma once
// Blueprints that were made before: finding out anew what a model's files are costs ten milliseconds, looking whether
// they have changed a tenth of one.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/host/blueprint.h"

namespace alice {

/// Any thread.
class BlueprintCache {
 public:
  using Make = std::function<Blueprint(const ModelConfig&)>;
  explicit BlueprintCache(Make make) : make_(std::move(make)) {}

  /// Called before a model's files are looked at anew, with its id and the stamp of its files, which may be long.
  using BeforeLook = std::function<void(const std::string& id, const std::string& stamp)>;

  /// The model's blueprint, made anew when a file or folder that it comes from is another than when it was made. Throws
  /// what making it, or `before_look`, throws; that is not remembered.
  std::shared_ptr<const Blueprint> get(const ModelConfig& model, const BeforeLook& before_look = {});

  /// Forgets the blueprints of all other models, and with them lets go of their files.
  void keep_only(const std::map<std::string, ModelConfig>& models);

 private:
  struct Entry {
    std::filesystem::path source;
    std::vector<std::filesystem::path> files;  ///< that lie outside the model's folders: links lead to them
    std::string stamp;
    std::shared_ptr<const Blueprint> blueprint;
  };
  static std::string stamp_of(const ModelConfig& model, const std::vector<std::filesystem::path>& files);

  const Make make_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by id; guarded by mutex_
};

}  // namespace alice
