#include "sdk/check/plugin_under_test.h"

#include "core/base/plugin_kinds.h"
#include "core/host/plugin_loader.h"

namespace alice::check {

class PluginUnderTest::Collector final : public Enrolment {
 public:
  explicit Collector(PluginUnderTest& plugin) : plugin_(plugin) {}

 private:
  void add_of_kind(const char* kind, std::unique_ptr<Factory> factory) override {
    const std::string& name = plugin_kind(kind).name;
    if (!factory) throw Error(ErrorCode::unsupported, "", "enrols a " + name + " factory that is null");
    plugin_.subjects_.push_back({name, factory->info().id});
    plugin_.factories_.push_back(std::move(factory));
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

const Factory& PluginUnderTest::factory(const Subject& subject) {
  subjects();
  for (size_t i = 0; i < subjects_.size(); ++i)
    if (subjects_[i].kind == subject.kind && subjects_[i].id == subject.id) return *factories_[i];
  throw Error(ErrorCode::not_found, file_.string(), "enrols no " + subject.kind + " '" + subject.id + "'");
}

}  // namespace alice::check
