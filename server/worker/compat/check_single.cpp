#include <algorithm>
#include <set>

#include "core/host/file_hashes.h"
#include "server/worker/compat/check_runs.h"
#include "server/worker/compat/scratch_folder.h"
#include "server/worker/compat/single_file.h"

namespace alice {
namespace {

constexpr const char* kPart = "single";

enum class Container { safetensors, zip, legacy };

/// How one file is written.
struct Form {
  std::string type;  ///< "f16"
  DType dtype;
  Container container;

  std::string text() const {
    return type + (container == Container::safetensors ? " safetensors"
                   : container == Container::zip       ? " zip"
                                                       : " legacy");
  }
  const char* ending() const { return container == Container::safetensors ? ".safetensors" : ".ckpt"; }
  std::string bytes(const RoundedTensors& tensors) const {
    if (container == Container::safetensors) return safetensors_bytes(tensors);
    return torch_bytes(tensors, container == Container::zip);
  }
};

bool is_of_torch(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

/// The types whose sums the golden has, and the two that every file may be in; each in all containers that know it.
std::vector<Form> forms_of(const Json& sums, const std::string& place) {
  std::set<std::string> types = {"f16", "f32"};
  for (const auto& sum : sums.items())
    if (sum.value().is_string()) types.insert(sum.key());
  std::vector<Form> forms;
  for (const std::string& type : types) {
    const DType dtype = dtype_named(type, place);
    forms.push_back({type, dtype, Container::safetensors});
    if (!is_of_torch(dtype)) continue;
    forms.push_back({type, dtype, Container::zip});
    forms.push_back({type, dtype, Container::legacy});
  }
  return forms;
}

/// The weights of one part, from a whole model or from the part alone.
ModelWeights read_part(CompatRun& run, const SingleFileMap& map, const std::string& part,
                       const std::filesystem::path& file, bool is_model) {
  if (!is_model && part == "vae") return load_vae(run, map.model(), file)->weights();
  if (const std::string name = run.golden.part_class(map.model(), part); !run.scope.classes.count(name))
    throw Skip{"no plugin implements " + name};
  const auto composed = compose_file(run, file);
  if (part == "unet") return composed->unet->weights();
  if (part == "vae") return composed->vae->weights();
  const auto encoder = composed->text_encoders.find(part);
  if (encoder == composed->text_encoders.end()) throw Error(ErrorCode::bad_weights, file.string(), "has no " + part);
  return encoder->second->weights();
}

/// Every parameter of a part that was read from a single file is the folder's, as the file's type holds it.
void compare_part(CompatCase& check, const ModelWeights& ours, const std::map<std::string, Tensor>& folder,
                  DType dtype) {
  std::vector<std::string> missing, different, surplus;
  for (const auto& [name, tensor] : folder) {
    if (!ours.contains(name)) {
      missing.push_back(name);
      continue;
    }
    const Tensor value = ours.tensor(name).to(at::kCPU);
    const Tensor wanted = tensor.scalar_type() == at::kHalf ? rounded(tensor, dtype).values : tensor;
    if (!value.equal(wanted.to(value.scalar_type()))) different.push_back(name);
  }
  for (const Parameter& parameter : ours.parameters())
    if (!folder.count(parameter.name)) surplus.push_back(parameter.name);
  if (!missing.empty()) check.fail("has no " + some_of(missing));
  if (!different.empty()) check.fail("not the folder's: " + some_of(different));
  if (!surplus.empty()) check.fail("has what the file has not: " + some_of(surplus));
}

/// Of each table with runs of this model the first that can be made.
void check_pictures(CompatRun& run, const SingleFileMap& map, const std::filesystem::path& file,
                    const std::string& id) {
  for (const std::string& name : run.golden.tables()) {
    const GoldenTable table(run.golden, name);
    for (const Json& one : table.cases()) {
      if (!is_run(one) || table.model_of("", one) != map.model() || !run_in_scope(run, table, one)) continue;
      const std::string run_id = id + "/" + table.id(one.at("id").get<std::string>());
      run_case(run, kPart, run_id, true, [&](CompatCase& check) { check_run(run, check, table, one, file); });
      break;
    }
  }
}

}  // namespace

void check_single_file(CompatRun& run, const GoldenTable& table) {
  const SingleFileMap map(run.golden, table);
  const Json& index = run.golden.json(table.folder() + kSingleFiles);
  const Json sums = index.at("files").value(table.stem(), Json::object());
  const std::vector<std::string> parts = map.parts();
  const bool has_network = std::count(parts.begin(), parts.end(), "unet") > 0;  // else it is no model
  const ScratchFolder scratch;
  scratch.write(table.stem() + ".json", dump_json(settings_beside(run.golden, table, map)));
  for (const Form& form : forms_of(sums, table.name())) {
    const std::string id = table.name() + " " + form.text();
    const std::string bytes = form.bytes(map.tensors(form.dtype));
    if (const std::string sum = sums.value(form.type, ""); !sum.empty() && form.container == Container::safetensors)
      run_case(run, kPart, id, true, [&](CompatCase& check) {
        if (sha256_of(bytes) != sum) check.fail("the file that is written is not the golden's: its SHA-256 is another");
      });
    const std::filesystem::path file = scratch.write(table.stem() + form.ending(), bytes);
    for (const std::string& part : parts)
      run_case(run, kPart, id + "/" + part, part_in_scope(run, map.model(), part), [&](CompatCase& check) {
        compare_part(check, read_part(run, map, part, file, has_network), map.tensors_of(part), form.dtype);
      });
    if (has_network && form.type == "f16" && form.container == Container::safetensors)
      check_pictures(run, map, file, id);
  }
}

}  // namespace alice
