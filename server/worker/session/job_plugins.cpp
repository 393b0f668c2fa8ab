#include "server/worker/session/job_plugins.h"

#include <algorithm>

#include "core/api/lora.h"
#include "core/api/scheduler.h"

namespace alice {
namespace {

/// Adds the plugin that enrolled `factory`; null is nobody's.
void add_plugin(const Registry& registry, const Factory* factory, std::vector<std::string>& plugins) {
  if (factory == nullptr) return;
  const std::string& plugin = registry.plugin_of(*factory).id;
  if (std::find(plugins.begin(), plugins.end(), plugin) == plugins.end()) plugins.push_back(plugin);
}

/// By name, or by a tag in the prompt.
bool asks_for_loras(const GenerateRequest& request) {
  return !request.loras.empty() || request.prompt.find('<') != std::string::npos;
}

const SchedulerFactory* scheduler_factory(const Registry& registry, const SchedulerSource& source, std::string name) {
  if (name.empty()) name = default_scheduler(registry, source).name;
  return registry.of<SchedulerFactory>().find(name).factory;
}

void add_model(const Registry& registry, const Blueprint& plan, JobPlugins& plugins) {
  for (const auto& encoder : plan.parts.text_encoders) add_plugin(registry, encoder.second.factory, plugins.encode);
  add_plugin(registry, plan.family.factory, plugins.encode);
  add_plugin(registry, plan.parts.unet.factory, plugins.denoise);
  add_plugin(registry, plan.parts.vae.factory, plugins.decode);
  for (auto* stage : {&plugins.encode, &plugins.denoise, &plugins.decode})
    add_plugin(registry, plan.backend.factory, *stage);
}

}  // namespace

std::vector<std::string> JobPlugins::all() const {
  std::vector<std::string> all;
  for (const auto* part : {&scheduler, &encode, &denoise, &decode, &lora_formats})
    for (const std::string& plugin : *part)
      if (std::find(all.begin(), all.end(), plugin) == all.end()) all.push_back(plugin);
  return all;
}

JobPlugins plugins_of(const GenerateRequest& request, const Composer& composer, bool paths_allowed) {
  const Registry& registry = composer.registry();
  const auto blueprint = composer.blueprint(request.model, paths_allowed);
  JobPlugins plugins;
  add_plugin(registry, scheduler_factory(registry, blueprint->scheduler, request.scheduler), plugins.scheduler);
  add_model(registry, *blueprint, plugins);
  if (const auto refiner = composer.refiner(request, *blueprint, paths_allowed)) add_model(registry, *refiner, plugins);
  if (asks_for_loras(request))
    for (const LoraFormatFactory* format : registry.of<LoraFormatFactory>().all())
      for (auto* part : {&plugins.lora_formats, &plugins.encode}) add_plugin(registry, format, *part);
  return plugins;
}

}  // namespace alice
