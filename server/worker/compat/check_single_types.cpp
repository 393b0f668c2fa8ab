#include <optional>

#include "server/worker/compat/compat.h"
#include "server/worker/compat/scratch_folder.h"
#include "server/worker/compat/single_file.h"

namespace alice {
namespace {

constexpr const char* kPart = "single";
constexpr const char* kNetwork = "/unet";
constexpr const char* kDecoded = "/decoded";
constexpr const char* kValues = "values/";

/// The model of the scope, its weights in one type.
class TypedFile {
 public:
  TypedFile(CompatRun& run, const GoldenTable& types)
      : run_(run), table_(run.golden, types.folder() + run.scope.types_file), map_(run.golden, table_) {
    scratch_.write("model.json", dump_json(settings_beside(run.golden, table_, map_)));
  }
  std::shared_ptr<const Model> in(const std::string& type) { return compose_file(run_, file(type)); }
  const std::string& model() const { return map_.model(); }

 private:
  std::filesystem::path file(const std::string& type) {
    return scratch_.write("model.safetensors", safetensors_bytes(map_.tensors(dtype_named(type, table_.name()))));
  }

  CompatRun& run_;
  const GoldenTable table_;
  const SingleFileMap map_;
  const ScratchFolder scratch_;
};

/// Bit for bit, but for the many forms of NaN.
bool mean_the_same(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  const Tensor both_nan = a.isnan().logical_and(b.isnan());
  const Tensor same = a.eq(b).logical_and(a.signbit().eq(b.signbit()));
  return both_nan.logical_or(same).all().item<bool>();
}

void check_outputs(CompatRun& run, const GoldenTable& table, const std::string& file_name) {
  const SafetensorsFile& file = run.golden.tensors(file_name);
  const double timestep = table.json().at("dtypes").at("timestep").get<double>();
  std::optional<TypedFile> typed;
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const std::string type = key.substr(0, key.find('/')), what = key.substr(type.size());
    if (what != kNetwork && what != kDecoded) continue;
    if (!typed) typed.emplace(run, table);
    const bool wanted = part_in_scope(run, typed->model(), what == kNetwork ? "unet" : "vae");
    run_case(run, kPart, table.id(key), wanted, [&](CompatCase& check) {
      Tensor ours;
      if (what == kNetwork) {
        const Tensor sample = file.tensor("sample");
        ours = typed->in(type)->unet->prepare({{"tokens", file.tensor("context")}})
                   ->predict(sample, at::full({sample.size(0)}, timestep, at::kFloat));
      } else {
        const auto vae = typed->in(type)->vae;
        ours = vae->decode((file.tensor("latent") - vae->info().shift_factor) * vae->info().scaling_factor);
      }
      run.golden.keep(file_name, key, ours);
      check.close("output", ours, file.tensor(key), kComponentTolerance);
    });
  }
}

/// A few numbers of each type, as a file has them and as they are meant.
void check_values(CompatRun& run, const GoldenTable& table, const std::string& file_name) {
  const SafetensorsFile& file = run.golden.tensors(file_name);
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    if (key.rfind(kValues, 0) != 0) continue;
    run_case(run, kPart, table.id(key), true, [&](CompatCase& check) {
      const std::string name = table.folder() + "values_" + key.substr(std::string(kValues).size()) + ".safetensors";
      const Tensor ours = run.golden.tensors(name).tensor("v").to(at::kFloat);
      if (!mean_the_same(ours, file.tensor(key))) check.fail("the numbers of " + name + " are read as others");
    });
  }
}

}  // namespace

void check_single_types(CompatRun& run, const GoldenTable& table) {
  const std::string file = table.folder() + "dtypes.safetensors";
  check_outputs(run, table, file);
  check_values(run, table, file);
}

}  // namespace alice
