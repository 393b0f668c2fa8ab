#include "core/host/composer.h"

#include <algorithm>
#include <chrono>

#include "core/base/lora_tags.h"
#include "core/base/prompt_syntax.h"
#include "core/base/request_checks.h"
#include "core/host/assemble.h"
#include "core/host/file_stamp.h"
#include "core/host/make/counted_calls.h"
#include "core/host/model_facts.h"
#include "core/host/named_embeddings.h"
#include "core/host/refining.h"

namespace alice {
namespace {

std::string layers_key(const OptionLayers& layers) {
  std::string key;
  for (const OptionLayer& layer : layers) key += dump_json(layer.values) + ";";
  return key;
}

template <class Part>
std::string part_key(const PartChoice<Part>& choice, const std::string& backend) {
  std::string key = choice.factory->info().id + "|" + backend + "|" + layers_key(choice.options) + "|" +
                    choice.files.root + "|" + dump_json(choice.files.told) + "|" + dump_json(choice.recognition.config);
  for (const std::string& file : choice.files.weights->index().files) key += "|" + file_stamp(file);
  for (const auto& asset : choice.files.assets) key += "|" + file_stamp(asset.second);
  return key;
}

/// What those who ask should know of the model, without the places of its files: they may be strangers.
void warn_of_model(const Blueprint& plan, const GenerateRequest& request, std::vector<std::string>& warnings) {
  const auto tell = [&](const std::string& sentence) { warnings.push_back(plan.config.id + ": " + sentence); };
  if (!plan.note.empty()) tell(plan.note);
  for (const Fault& warning : plan.warnings) tell(warning.sentence);
  if (request.scheduler.empty())
    for (const Fault& warning : plan.scheduler.warnings) tell(warning.sentence);
}

void warn_of_syntax(const Settings& settings, std::vector<std::string>& warnings) {
  const PromptStyle style = settings.request.prompt_style.value_or(PromptStyle::plain);
  const auto warn = [&](const std::string& field, const std::optional<std::string>& prompt) {
    for (const std::string& note : prompt_notes(prompt.value_or(""), style, field))
      warnings.push_back(field + ": " + note);
  };
  warn("/prompt", settings.prompt);
  warn("/negative_prompt", settings.negative_prompt);
}

/// What is not there, or is refused, while a model or LoRA that was found is opened is a fault of its files, not of who
/// asked for it.
template <class Open>
auto of_models_files(const Open& open) {
  try {
    return open();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::bad_request) throw;
    throw Error(ErrorCode::bad_weights, error.place(), error.sentence());
  }
}

/// Of a model whose plugins do not tell its size before it is loaded: what it says then.
SizeRule completed(SizeRule rule, const HostConfig& config, const ModelConfig& model_config, const Model& model) {
  if (rule.native.is_known()) return rule;
  const int64_t reduction = model.vae->info().reduction, side = model.unet->info().native_latent_size * reduction;
  return size_rule(config, model_config, {side, side}, reduction);
}

void throw_if_too_large(const Blueprint& plan, const SizeRule& rule, const SettingsSources& sources) {
  Faults faults;
  check_pixels(plan.config.id, resolve_size(sources, rule.native, rule.multiple), rule, json_places(""), faults);
  faults.throw_if_any(ErrorCode::bad_request);
}

/// Asks for a size that the model makes, where the picture's own is larger and nobody has asked for one.
void fit(GenerateRequest& request, const Blueprint& plan, const SizeRule& rule, const HostConfig& config,
         const InputPictures& inputs, std::vector<std::string>& warnings) {
  if (!request.fit.value_or(false) || !request.image || request.width || request.height) return;
  const PictureSize own =
      resolve_size({request, plan.config.defaults, config.defaults, inputs}, rule.native, rule.multiple);
  if (rule.most_pixels == 0 || own.pixels() <= rule.most_pixels) return;
  const PictureSize fitted = fit_size(own, rule);
  request.width = fitted.width;
  request.height = fitted.height;
  warnings.push_back("/image: is larger than this model makes pictures (" + to_text(own) + "); it is made " +
                     to_text(fitted));
}

void throw_faults(const Blueprint& blueprint) {
  if (!blueprint.faults.empty()) throw Error(ErrorCode::bad_weights, blueprint.faults);
}

std::vector<const Model*> models_of(const PreparedRequest& prepared) {
  std::vector<const Model*> models = {prepared.model.get()};
  if (prepared.settings.refining) models.push_back(prepared.settings.refining->model.get());
  return models;
}

}  // namespace

std::string key_of(const Blueprint& plan) {
  std::string key = plan.config.id + "|" + plan.family.factory->info().id;
  plan.parts.each([&](const std::string&, const auto& choice) { key += "|" + part_key(choice, plan.backend.key); });
  return key;
}

Composer::Composer(HostConfig config, std::shared_ptr<const Registry> registry, OnLoaded on_loaded)
    : config_(std::move(config)),
      registry_(std::move(registry)),
      loras_(lora_folders(config_)),
      embeddings_(embedding_folders(config_)),
      on_loaded_(std::move(on_loaded)),
      blueprints_([this](const ModelConfig& model) {
        Blueprint blueprint = make_blueprint(*registry_, config_, model);
        blueprint.facts = model_facts(*registry_, config_, blueprint);
        return blueprint;
      }),
      recipes_(config_.cache_directory) {}

std::vector<ModelStatus> Composer::models(const BlueprintCache::BeforeLook& before_look) const {
  std::vector<ModelStatus> out;
  const std::map<std::string, ModelConfig> models = list_models(config_);
  blueprints_.keep_only(models);
  for (const auto& [id, model] : models) {
    ModelStatus status{id, model.source, "", "", "", Json::object(), {}};
    try {
      const auto blueprint = blueprints_.get(model, before_look);
      status.description = blueprint->parts.unet.recognition.description;
      status.note = blueprint->note;
      status.facts = blueprint->facts;
      status.size = blueprint->size;
      throw_faults(*blueprint);
      status.unavailable = backend_fault(blueprint->backend);
    } catch (const Error& e) {
      status.unavailable = e.what();
    } catch (const std::exception& e) {
      status.unavailable = std::string("a plugin failed while it looked at the files: ") + e.what();
    } catch (...) {
      status.unavailable = "a plugin failed while it looked at the files";
    }
    out.push_back(std::move(status));
  }
  return out;
}

std::shared_ptr<const Blueprint> Composer::blueprint(const std::string& name, bool paths_allowed,
                                                     const std::string& place) const {
  const ModelConfig model = find_model(config_, name, paths_allowed, place);
  return of_models_files([&] { return blueprints_.get(model); });
}

std::shared_ptr<const Blueprint> Composer::refiner(const GenerateRequest& request, const Blueprint& plan,
                                                   bool paths_allowed) const {
  const GenerateRequest all = with_defaults(request, plan.config.defaults);
  if (!has_refiner(all)) return nullptr;
  if (request.refiner) return blueprint(*all.refiner, paths_allowed, "/refiner");
  try {
    return blueprint(*all.refiner, paths_allowed, plan.config.id + ": defaults: refiner");
  } catch (const Error& e) {  // not what somebody asked for
    throw Error(e.code() == ErrorCode::not_found ? ErrorCode::bad_config : e.code(), e.place(), e.sentence());
  }
}

std::shared_ptr<const Backend> Composer::backend(const std::string& name) const {
  return backend(choose_backend(*registry_, config_, name, "generation.backend"));
}

std::shared_ptr<const Backend> Composer::backend(const BackendChoice& choice) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return make_backend(choice);
}

std::string Composer::backend_fault(const BackendChoice& choice) const {
  const std::lock_guard<std::mutex> lock(backend_faults_mutex_);
  const auto known = backend_faults_.find(choice.key);
  if (known != backend_faults_.end()) return known->second;
  std::string& fault = backend_faults_[choice.key];
  try {
    backend(choice);
  } catch (const std::exception& e) {
    fault = e.what();
  }
  return fault;
}

std::shared_ptr<const Backend> Composer::make_backend(const BackendChoice& choice) const {
  std::shared_ptr<const Backend>& made = backends_[choice.key];
  if (!made) made = choice.make();
  return made;
}

template <class Part>
std::shared_ptr<const Part> Composer::share(const PartChoice<Part>& choice, const std::string& backend_key,
                                            std::shared_ptr<const Backend> backend) {
  auto& parts = std::get<SharedParts<Part>>(parts_);
  for (auto it = parts.begin(); it != parts.end();) it = it->second.expired() ? parts.erase(it) : std::next(it);
  std::weak_ptr<const Part>& known = parts[part_key(choice, backend_key)];
  std::shared_ptr<const Part> part = known.lock();
  if (!part) known = part = choice.load(std::move(backend));
  return part;
}

std::shared_ptr<const Model> Composer::build(const Blueprint& blueprint) {
  throw_faults(blueprint);
  const auto begun = std::chrono::steady_clock::now();
  const auto backend = make_backend(blueprint.backend);
  const auto load = [&](const auto& choice) { return share(choice, blueprint.backend.key, backend); };
  auto model = std::make_shared<Model>(assemble(blueprint, backend, load_parts(blueprint.parts, load)));
  model->prompts = prompts_;
  tell_loaded(blueprint, *model, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  return model;
}

void Composer::tell_loaded(const Blueprint& blueprint, const Model& model, double seconds) const {
  if (on_loaded_) on_loaded_({model.id, blueprint.backend.name, model.backend->info().device, seconds});
}

std::shared_ptr<const Model> Composer::cached(const std::string& key,
                                                 const std::function<std::shared_ptr<const Model>()>& make) {
  for (auto it = loaded_.begin(); it != loaded_.end(); ++it) {
    if (it->first != key) continue;
    loaded_.splice(loaded_.begin(), loaded_, it);
    return loaded_.front().second;
  }
  auto model = make();
  loaded_.emplace_front(key, model);
  if (loaded_.size() > kMostLoadedModels) loaded_.pop_back();
  return model;
}

std::shared_ptr<const Model> Composer::compose(const std::string& name, bool paths_allowed) {
  const auto plan = blueprint(name, paths_allowed);
  const std::lock_guard<std::mutex> lock(mutex_);
  return loaded(*plan);
}

std::shared_ptr<const Model> Composer::loaded(const Blueprint& plan) {
  return cached(key_of(plan), [&] { return of_models_files([&] { return build(plan); }); });
}

void Composer::add_loras(PreparedRequest& prepared, bool paths_allowed) {
  const std::shared_ptr<const Model> plain = prepared.model;
  const std::vector<LoraFile> files = loras_.files_of(prepared.settings.loras, paths_allowed);
  prepared.made_of += key_of(files);
  for (const LoraFile& file : files) prepared.ingredients.lora_files.push_back(file.path);
  prepared.model =
      cached(prepared.made_of, [&] { return of_models_files([&] { return apply_loras(*registry_, *plain, files); }); });
  prepared.warnings.insert(prepared.warnings.end(), prepared.model->warnings.begin(),
                           prepared.model->warnings.end());
}

void Composer::add_embeddings(PreparedRequest& prepared) const {
  Settings& settings = prepared.settings;
  if (settings.request.prompt_style == PromptStyle::plain) return;
  const Model& model = *prepared.model;
  std::map<std::string, Embedding> bundled;
  for (const std::filesystem::path& file : prepared.ingredients.lora_files)
    for (Embedding& embedding : of_models_files([&] { return bundled_embeddings(*registry_, model, file); }))
      bundled.emplace(embedding.name, std::move(embedding));
  const EmbeddingFiles files = by_word(embeddings_.all());
  std::vector<std::string> words;
  for (const auto& embedding : bundled) words.push_back(embedding.first);
  for (const auto& file : files)
    if (bundled.count(file.first) == 0) words.push_back(file.first);
  for (const std::string& word : named_words(settings, calls_of(model, settings), words, prepared.warnings)) {
    const auto found = bundled.find(word);
    settings.embeddings.push_back(found != bundled.end() ? found->second : of_models_files([&] {
      return load_embedding(*registry_, model, word, files.at(word));
    }));
    const std::filesystem::path& file = settings.embeddings.back().file;
    prepared.made_of += "|embedding " + word + "|" + file_stamp(file);
    prepared.ingredients.embedding_files[word] = file;
  }
}

void Composer::add_refiner(PreparedRequest& prepared, const Blueprint& plan) {
  prepared.made_of += "|refined by|" + key_of(plan);
  Settings& settings = prepared.settings;
  settings.refining = refining(settings, *prepared.model, plan, loaded(plan));
  settings.request.refiner = plan.config.id;
  if (steps_before_refiner(settings) == static_cast<size_t>(settings.steps_done()))
    prepared.warnings.push_back("/refiner_start: leaves no step to " + plan.config.id);
  if (!settings.loras.empty())
    prepared.warnings.push_back("/loras: change " + prepared.model->id + " alone, not its refiner");
}

Refining Composer::refining(const Settings& first, const Model& model, const Blueprint& plan,
                            std::shared_ptr<const Model> refiner) const {
  const ChosenScheduler own = choose_scheduler(*registry_, plan.scheduler, "", Json::object());
  auto settings = std::make_shared<Settings>(settings_for_refiner(first, model, *refiner, own));
  return {std::move(refiner), std::move(settings)};
}

Settings Composer::settle(GenerateRequest request, const InputPictures& inputs, const Blueprint& plan,
                          const Model& model, std::vector<std::string>& warnings) const {
  const SizeRule rule = completed(plan.size, config_, plan.config, model);
  fit(request, plan, rule, config_, inputs, warnings);
  const SettingsSources sources = {request, plan.config.defaults, config_.defaults, inputs};
  throw_if_too_large(plan, rule, sources);
  Settings settings = resolve_settings(sources, model, warnings);
  take_scheduler(choose_scheduler(*registry_, plan.scheduler, request.scheduler, request.scheduler_options), model,
                 settings);
  plan_of(settings);  // refuses steps that the scheduler cannot take
  return settings;
}

bool Composer::is_loaded(const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(loaded_.begin(), loaded_.end(), [&](const auto& kept) { return kept.first == key; });
}

PreparedRequest Composer::prepare(GenerateRequest request, bool paths_allowed, const InputPictures& inputs) {
  Faults faults;
  take_lora_tags(request.prompt, request.loras, faults);
  faults.throw_if_any(ErrorCode::bad_request);
  const auto plan = blueprint(request.model, paths_allowed);
  PreparedRequest prepared;
  // Before anything is loaded:
  const auto refining = refiner(request, *plan, paths_allowed);
  fit(request, *plan, plan->size, config_, inputs, prepared.warnings);
  throw_if_too_large(*plan, plan->size, {request, plan->config.defaults, config_.defaults, inputs});
  choose_scheduler(*registry_, plan->scheduler, request.scheduler, request.scheduler_options);

  const std::string caution = scheduler_caution(*registry_, plan->scheduler, request.scheduler);
  if (!caution.empty() && request.loras.empty()) prepared.warnings.push_back("/scheduler: " + caution);
  warn_of_model(*plan, request, prepared.warnings);
  const std::lock_guard<std::mutex> lock(mutex_);
  prepared.made_of = key_of(*plan);
  prepared.model = loaded(*plan);
  prepared.ingredients.plan = plan;
  prepared.ingredients.refiner = refining;
  prepared.settings = settle(request, inputs, *plan, *prepared.model, prepared.warnings);
  if (!prepared.settings.loras.empty()) add_loras(prepared, paths_allowed);
  add_embeddings(prepared);
  warn_of_syntax(prepared.settings, prepared.warnings);
  if (refining) add_refiner(prepared, *refining);
  warn_of_unheard(request, models_of(prepared), prepared.warnings);
  return prepared;
}

}  // namespace alice
