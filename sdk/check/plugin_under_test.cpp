#include "sdk/check/plugin_under_test.h"

#include "core/host/plugin_loader.h"

namespace alice::check {

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::entry: return "entry";
    case Kind::backend: return "backend";
    case Kind::scheduler: return "scheduler";
    case Kind::text_encoder: return "text_encoder";
    case Kind::unet: return "unet";
    case Kind::vae: return "vae";
    case Kind::lora_format: return "lora_format";
  }
  return "entry";
}

class PluginUnderTest::Collector final : public Enrolment {
 public:
  explicit Collector(PluginUnderTest& plugin) : plugin_(plugin) {}

  void backend(std::unique_ptr<BackendFactory> f) override { keep(std::move(f), plugin_.backends_, Kind::backend); }
  void scheduler(std::unique_ptr<SchedulerFactory> f) override {
    keep(std::move(f), plugin_.schedulers_, Kind::scheduler);
  }
  void text_encoder(std::unique_ptr<TextEncoderFactory> f) override {
    keep(std::move(f), plugin_.text_encoders_, Kind::text_encoder);
  }
  void unet(std::unique_ptr<UNetFactory> f) override { keep(std::move(f), plugin_.unets_, Kind::unet); }
  void vae(std::unique_ptr<VaeFactory> f) override { keep(std::move(f), plugin_.vaes_, Kind::vae); }
  void lora_format(std::unique_ptr<LoraFormatFactory> f) override {
    keep(std::move(f), plugin_.lora_formats_, Kind::lora_format);
  }

 private:
  template <class F>
  void keep(std::unique_ptr<F> factory, std::vector<std::unique_ptr<F>>& list, Kind kind) {
    if (!factory)
      throw Error(ErrorCode::unsupported, plugin_.file_.string(),
                  std::string("enrols a ") + to_string(kind) + " factory that is null");
    plugin_.subjects_.push_back({kind, factory->info().id});
    list.push_back(std::move(factory));
  }

  PluginUnderTest& plugin_;
};

const PluginEntry& PluginUnderTest::entry() {
  if (entry_ == nullptr) entry_ = &load_plugin(file_);
  return *entry_;
}

const std::vector<Subject>& PluginUnderTest::subjects() {
  if (!enrolled_) {
    Collector collector(*this);
    entry().enrol(collector);
    enrolled_ = true;
  }
  return subjects_;
}

template <class F>
const F& PluginUnderTest::find(const std::vector<std::unique_ptr<F>>& factories, const std::string& id) {
  subjects();
  for (const auto& factory : factories)
    if (factory->info().id == id) return *factory;
  throw Error(ErrorCode::not_found, file_.string(), "enrols no '" + id + "'");
}

const BackendFactory& PluginUnderTest::backend(const std::string& id) { return find(backends_, id); }
const SchedulerFactory& PluginUnderTest::scheduler(const std::string& id) { return find(schedulers_, id); }
const TextEncoderFactory& PluginUnderTest::text_encoder(const std::string& id) { return find(text_encoders_, id); }
const UNetFactory& PluginUnderTest::unet(const std::string& id) { return find(unets_, id); }
const VaeFactory& PluginUnderTest::vae(const std::string& id) { return find(vaes_, id); }
const LoraFormatFactory& PluginUnderTest::lora_format(const std::string& id) { return find(lora_formats_, id); }

const Factory& PluginUnderTest::factory(const Subject& subject) {
  switch (subject.kind) {
    case Kind::backend: return backend(subject.id);
    case Kind::scheduler: return scheduler(subject.id);
    case Kind::text_encoder: return text_encoder(subject.id);
    case Kind::unet: return unet(subject.id);
    case Kind::vae: return vae(subject.id);
    case Kind::lora_format: return lora_format(subject.id);
    case Kind::entry: break;
  }
  throw Error(ErrorCode::internal, file_.string(), "is no factory itself");
}

}  // namespace alice::check
