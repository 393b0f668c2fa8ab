#include "core/io/open_tensors.h"

#include <string_view>
#include <utility>

#include "core/base/foreign_file.h"
#include "core/base/text.h"
#include "core/io/gguf_file.h"
#include "core/io/safetensors_file.h"
#include "core/io/stored_elements.h"
#include "core/io/torch_file.h"

namespace alice {
namespace {

constexpr std::string_view kZip = "PK\x03\x04", kGguf = "GGUF";

/// Several sources as one.
class JoinedTensors final : public WeightSource {
 public:
  explicit JoinedTensors(const std::string& place) { index_.place = place; }

  void add(std::shared_ptr<const WeightSource> shard) {
    const TensorIndex& part = shard->index();
    for (const auto& tensor : part.tensors) {
      TensorInfo info = tensor.second;
      info.file = index_.files.size();
      const auto [present, added] = index_.tensors.emplace(info.name, info);
      if (!added)
        throw Error(
            ErrorCode::bad_weights, index_.place,
            "tensor '" + info.name + "' is in two files: " + index_.files[present->second.file] + " and " + part.place);
    }
    index_.files.push_back(part.place);
    index_.metadata.insert(part.metadata.begin(), part.metadata.end());
    shards_.push_back(std::move(shard));
  }

  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override {
    return shards_[usable_tensor(index_, name).file]->tensor(name);
  }

 private:
  TensorIndex index_;
  std::vector<std::shared_ptr<const WeightSource>> shards_;  // one for each of index_.files
};

}  // namespace

OpenedTensors open_tensors(const std::filesystem::path& file) {
  std::shared_ptr<const MappedFile> mapping = MappedFile::open(file);
  const std::string place = file.string();
  const std::string_view bytes(reinterpret_cast<const char*>(mapping->data()), mapping->size());
  if (starts_with(bytes, kZip) || begins_as_pickle(bytes)) {
    const auto opened = TorchFile::of(std::move(mapping), place, starts_with(bytes, kZip));
    return {opened, opened->warnings()};
  }
  if (starts_with(bytes, kGguf)) return {std::make_shared<const GgufFile>(std::move(mapping), place), {}};
  return {SafetensorsFile::of(std::move(mapping), place), {}};
}

OpenedTensors open_shards(const std::vector<std::filesystem::path>& files, const std::string& place) {
  if (files.empty()) throw Error(ErrorCode::bad_weights, place, "names no file with tensors");
  auto joined = std::make_shared<JoinedTensors>(place);
  OpenedTensors all;
  for (const std::filesystem::path& file : files) {
    OpenedTensors shard = open_tensors(file);
    joined->add(std::move(shard.weights));
    all.warnings.insert(all.warnings.end(), shard.warnings.begin(), shard.warnings.end());
  }
  all.weights = std::move(joined);
  return all;
}

}  // namespace alice
