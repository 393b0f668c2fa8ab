#include <algorithm>
#include <optional>
#include <set>

#include "core/base/text.h"
#include "core/io/open_tensors.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kPart = "single";
constexpr const char* kExpected = "_expected.safetensors";
constexpr const char* kEvil = "evil_";

bool is_checkpoint(const std::string& file) { return ends_with(file, ".ckpt") || ends_with(file, ".pt"); }

/// What stands in the folder that this process works in: a pickle that is run may write there.
std::set<std::string> working_folder() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::current_path()))
    names.insert(entry.path().filename().string());
  return names;
}

void check_refusal(CompatCase& check, const std::filesystem::path& file) {
  const std::set<std::string> before = working_folder();
  try {
    open_tensors(file);
    check.fail("is not refused, though it would run a command");
  } catch (const Error& e) {
    const std::string told = e.what();
    for (const std::string& word : {file.filename().string(), std::string("opcode")})
      if (told.find(word) == std::string::npos) check.fail("the refusal does not name " + word + ": " + told);
  }
  if (working_folder() != before) check.fail("something of it was run: the working folder has changed");
}

/// The tensors that a checkpoint must hold: those of its own name; else of the only one that has all of its names.
const SafetensorsFile* expected_of(CompatRun& run, const std::string& folder, const std::vector<std::string>& files,
                                   const std::string& checkpoint, const TensorIndex& index, bool& is_own) {
  const std::string own = checkpoint.substr(0, checkpoint.find('_')) + kExpected;
  is_own = std::count(files.begin(), files.end(), own) > 0;
  if (is_own) return &run.golden.tensors(folder + own);
  const SafetensorsFile* found = nullptr;
  for (const std::string& file : files) {
    if (!ends_with(file, kExpected)) continue;
    const SafetensorsFile& other = run.golden.tensors(folder + file);
    const bool has_all = std::all_of(index.tensors.begin(), index.tensors.end(),
                                     [&](const auto& tensor) { return other.index().contains(tensor.first); });
    if (!has_all) continue;
    if (found) return nullptr;
    found = &other;
  }
  return index.tensors.empty() ? nullptr : found;
}

void compare(CompatCase& check, const WeightSource& ours, const SafetensorsFile& expected, bool all_of_them) {
  for (const auto& tensor : expected.index().tensors) {
    const std::string& name = tensor.first;
    const TensorInfo* info = ours.index().find(name);
    if (!info && all_of_them) check.fail("has no '" + name + "'");
    if (!info) continue;
    if (info->dtype != tensor.second.dtype) check.fail("'" + name + "' is read as " + info->dtype_text());
    check.equal("'" + name + "'", ours.tensor(name), expected.tensor(name));
  }
  for (const auto& tensor : ours.index().tensors)
    if (!expected.index().contains(tensor.first)) check.fail("has '" + tensor.first + "', which it should not");
}

}  // namespace

void check_checkpoints(CompatRun& run, const GoldenTable& table) {
  const std::vector<std::string> files = run.golden.files(table.folder());
  for (const std::string& name : files) {
    if (!is_checkpoint(name)) continue;
    run_case(run, kPart, table.folder() + name, true, [&](CompatCase& check) {
      const std::filesystem::path file = run.golden.path(table.folder() + name);
      if (starts_with(name, kEvil)) return check_refusal(check, file);
      const OpenedTensors opened = open_tensors(file);
      bool is_own = false;
      const SafetensorsFile* expected =
          expected_of(run, table.folder(), files, name, opened.weights->index(), is_own);
      if (!expected) throw Skip{"nothing in the golden says what it holds"};
      compare(check, *opened.weights, *expected, is_own);
    });
  }
}

}  // namespace alice
