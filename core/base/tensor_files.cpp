#include "core/base/tensor_files.h"

#include <strings.h>

namespace alice {

const std::vector<std::string>& tensor_endings() {
  static const std::vector<std::string> endings = {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf"};
  return endings;
}

size_t rank_of_tensor_file(std::string_view name) {
  const std::vector<std::string>& endings = tensor_endings();
  for (size_t rank = 0; rank < endings.size(); ++rank) {
    const std::string& ending = endings[rank];
    if (name.size() <= ending.size()) continue;
    const size_t end = name.size() - ending.size();
    if (::strncasecmp(name.data() + end, ending.data(), ending.size()) == 0 && name[end - 1] != '/') return rank;
  }
  return endings.size();
}

std::string without_tensor_ending(const std::string& name) {
  const size_t rank = rank_of_tensor_file(name);
  return rank == tensor_endings().size() ? "" : name.substr(0, name.size() - tensor_endings()[rank].size());
}

std::filesystem::path tensor_file_of(const std::filesystem::path& stem) {
  for (const std::string& ending : tensor_endings()) {
    std::error_code status;
    std::filesystem::path file = stem;
    if (file += ending; std::filesystem::exists(file, status)) return file;
  }
  return {};
}

}  // namespace alice
