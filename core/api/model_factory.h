#pragma once
// Factories of what is made from weights: the parts of a model.

#include <memory>
#include <optional>

#include "core/api/factory.h"
#include "core/api/weights.h"

namespace alice {

/// A factory of a model part.
template <class Part>
class ModelFactory : public Factory {
 public:
  static constexpr const char* kKind = Part::kKind;

  /// From names, shapes and config.json alone (files.weights->index(), files.config): is this mine, and is it complete?
  /// Empty when the files are of another architecture. A file that is mine and damaged is a Recognition with faults.
  /// Reads no tensor data, so it is fast for any size. Throws Error(bad_weights) for a config.json with wrong types or
  /// ranges. Never throws for files that are another's.
  virtual std::optional<Recognition> recognise(const ModelFiles& files) const = 0;
  /// Loads. `recognition` is what recognise() gave for these files, without faults. The part keeps `files.weights` and
  /// the backend alive as long as it needs them; `files` and `recognition` are the caller's. Throws Error(bad_weights),
  /// Error(bad_config) for options, Error(out_of_memory).
  virtual std::shared_ptr<const Part> create(const ModelFiles& files, const Recognition& recognition,
                                             std::shared_ptr<const Backend> backend,
                                             const OptionLayers& options) const = 0;
};

inline constexpr const char* kAssetReader = "alice/asset-reader/1";

/// What a factory of parts that read files beside their weights answers extension(kAssetReader) with: so that those can
/// be tried without loading a part. Any thread.
class AssetReader {
 public:
  /// Reads of files.assets what create() would read, and throws what that would: Error(bad_weights) naming the file.
  virtual void read_assets(const ModelFiles& files, const Recognition& recognition) const = 0;

 protected:
  ~AssetReader() = default;
};

}  // namespace alice
