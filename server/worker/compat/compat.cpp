#include "server/worker/compat/compat.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "compat_scope_text.h"
#include "server/worker/compat/check_runs.h"

namespace alice {
namespace {

template <class Container>
Container member(const Json& scope, const char* name) {
  return scope.at(name).get<Container>();
}

template <class Part>
std::shared_ptr<const Part> load(CompatRun& run, const Factories<ModelFactory<Part>>& factories,
                                 const std::string& model, const std::string& part,
                                 const std::filesystem::path& source) {
  std::error_code status;
  if (!std::filesystem::exists(source, status))
    throw Error(ErrorCode::not_found, source.string(), "the golden folder has no such model");
  const std::string class_name = run.golden.part_class(model, part);
  if (!class_name.empty() && !factories.find_class(class_name)) throw Skip{"no plugin implements " + class_name};
  const PartChoice<Part> choice = choose_part(factories, open_part(source, part), part, PartConfig{});
  if (!choice.recognition.faults.empty()) throw Error(ErrorCode::bad_weights, choice.recognition.faults);
  return choice.load(run.composer.backend(run.composer.config().default_backend));
}

/// A way to read a table, and when, so that what later stages stand on is told before them.
struct TableReader {
  int stage = 0;
  void (*check)(CompatRun&, const GoldenTable&) = nullptr;
};

TableReader reader_of(const GoldenTable& table) {
  const Json first = table.cases().empty() ? Json::object() : table.cases().at(0);
  if (table.name() == "tokenizer/cases") return {0, check_tokenizer};
  if (table.name() == "schedulers/cases") return {4, check_schedulers};
  if (table.name() == "lora/lora") return {5, check_lora};
  if (is_run(first)) return {6, check_runs};
  if (table.stem() == "ckpt") return {7, check_checkpoints};
  if (table.json().contains("include") && table.json().contains("tensors")) return {8, check_single_file};
  if (table.stem() == "single" && table.json().contains("dtypes")) return {9, check_single_types};
  if (!table.has_tensors()) return {};
  if (table.stem() == "text") return {1, first.contains("prompt") ? check_prompt_pairs : check_text};
  if (table.stem() == "ti") return {1, check_embeddings};
  if (table.stem() == "unet") return {2, check_unet};
  if (table.stem() == "vae") return {3, check_vae};
  return {};
}

/// Why nobody reads it.
std::string unread_reason(const CompatRun& run, const GoldenTable& table) {
  const std::string folder = table.name().substr(0, table.name().find('/'));
  for (const std::string& name : {folder, table.stem()})
    if (const auto found = run.scope.unread.find(name); found != run.scope.unread.end()) return found->second;
  return "is a table of no kind that is known here";
}

void read_table(CompatRun& run, const GoldenTable& table, const TableReader& reader) {
  try {
    reader.check(run, table);
  } catch (const std::exception& e) {  // its files cannot be read: no case could be made
    run.report.fail(table.name(), "files", e.what());
  }
}

void read_tables(CompatRun& run) {
  std::vector<std::pair<TableReader, GoldenTable>> readers;
  for (const std::string& name : run.golden.tables()) {
    GoldenTable table(run.golden, name);
    try {
      readers.emplace_back(reader_of(table), std::move(table));
    } catch (const std::exception& e) {
      run.report.fail(name, "files", e.what());
    }
  }
  std::stable_sort(readers.begin(), readers.end(),
                   [](const auto& a, const auto& b) { return a.first.stage < b.first.stage; });
  for (const auto& [reader, table] : readers)
    if (reader.check) read_table(run, table, reader);
  for (const auto& [reader, table] : readers)
    if (!reader.check) run.report.skip("other", table.name(), unread_reason(run, table), false);
}

}  // namespace

CompatScope CompatScope::built_in() {
  const Json scope = parse_json(kCompatScopeText, "config/compat_scope.json");
  using Names = std::set<std::string>;
  CompatScope out;
  out.parts = member<Names>(scope, "parts"), out.classes = member<Names>(scope, "classes");
  out.schedulers = member<Names>(scope, "schedulers"), out.loras = member<Names>(scope, "loras");
  out.pipelines = member<std::map<std::string, Json>>(scope, "pipelines");
  out.schedule_arguments = member<std::map<std::string, Names>>(scope, "schedule_arguments");
  out.rows = member<std::map<std::string, std::vector<int64_t>>>(scope, "rows");
  out.networks = member<Names>(scope, "networks");
  out.pictures = member<std::map<std::string, std::string>>(scope, "pictures");
  out.implied_pictures = member<std::map<std::string, std::map<std::string, std::string>>>(scope, "implied_pictures");
  out.step_arguments = member<decltype(out.step_arguments)>(scope, "step_arguments");
  out.lora_model = member<std::string>(scope, "lora_model");
  out.types_file = member<std::string>(scope, "types_file");
  out.unread = member<std::map<std::string, std::string>>(scope, "unread");
  return out;
}

bool part_in_scope(CompatRun& run, const std::string& model, const std::string& part) {
  return run.scope.classes.count(run.golden.part_class(model, part)) > 0;
}

std::shared_ptr<const TextEncoder> load_text_encoder(CompatRun& run, const std::string& model,
                                                     const std::string& part) {
  return load(run, run.composer.registry().of<TextEncoderFactory>(), model, part, run.golden.model(model));
}
std::shared_ptr<const UNet> load_unet(CompatRun& run, const std::string& model) {
  return load(run, run.composer.registry().of<UNetFactory>(), model, "unet", run.golden.model(model));
}
std::shared_ptr<const Vae> load_vae(CompatRun& run, const std::string& model) {
  return load_vae(run, model, run.golden.model(model));
}
std::shared_ptr<const Vae> load_vae(CompatRun& run, const std::string& model, const std::filesystem::path& source) {
  return load(run, run.composer.registry().of<VaeFactory>(), model, "vae", source);
}
std::shared_ptr<const Model> compose_file(CompatRun& run, const std::filesystem::path& file) {
  return run.composer.compose(std::filesystem::absolute(file).string(), true);
}

std::shared_ptr<const Model> with_loras(CompatRun& run, const Model& base, std::vector<LoraFile> files) {
  const bool wanted = std::all_of(files.begin(), files.end(),
                                  [&](const LoraFile& file) { return run.scope.loras.count(file.name) > 0; });
  try {
    return apply_loras(run.composer.registry(), base, files);
  } catch (const Error& e) {
    if (wanted) throw;
    const std::string told = e.what();
    const size_t first = told.find('\n') + 1;  // of several faults, which stand below their number; else of all
    throw Skip{"is refused: " + told.substr(first, told.find('\n', first) - first)};
  }
}

Report check_compat(Composer& composer, const std::filesystem::path& golden_folder, const std::filesystem::path& out) {
  const c10::InferenceMode no_gradients;
  Golden golden(golden_folder);
  Report report;
  CompatRun run{composer, golden, report, CompatScope::built_in()};
  if (golden.has("rng")) {
    try {
      check_rng(run);
    } catch (const std::exception& e) {
      report.fail("rng", "files", e.what());
    }
  }
  read_tables(run);
  if (!out.empty()) golden.write_kept(out);
  return report;
}

}  // namespace alice
