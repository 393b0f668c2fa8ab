#pragma once
// Tensors of a file that torch.save wrote (.ckpt, .pt, .pth, .bin), in its two containers.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/weights.h"
#include "core/io/mapped_file.h"
#include "core/io/torch_contents.h"
#include "core/io/zip_directory.h"

namespace alice {

/// Since torch 1.6 a zip archive of a pickle ("x/data.pkl") and its storages ("x/data/0"); before, pickles one behind
/// the other, and the storages behind them. Opening reads the pickle (see read_pickle(): nothing of it is ever run) and
/// the archive's directory; tensors are mapped where their elements lie one behind the other in storages that are not
/// packed, else copied at each call. The checksums of what is not packed are not looked at: that would read all of it.
/// Immutable; any thread; files that are truncated meanwhile as with SafetensorsFile.
class TorchFile : public WeightSource {
 public:
  /// `place` names the file. Throws Error(bad_weights) or Error(unsupported) for a file that is cut off, damaged or
  /// asks for what no file of tensors needs. `begins_as_zip`: else it is of the older kind.
  static std::shared_ptr<const TorchFile> of(std::shared_ptr<const MappedFile> mapping, const std::string& place,
                                             bool begins_as_zip);

  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override;
  /// What was passed over, as sentences.
  const std::vector<Fault>& warnings() const { return warnings_; }

 private:
  using Storages = std::map<std::string, ZipEntry>;  // by key
  TorchFile(std::shared_ptr<const MappedFile> mapping, TorchContents contents, Storages storages,
            const std::string& place);

  const std::shared_ptr<const MappedFile> mapping_;
  const std::map<std::string, TorchTensor> tensors_;
  const Storages storages_;
  TensorIndex index_;
  std::vector<Fault> warnings_;
};

}  // namespace alice
