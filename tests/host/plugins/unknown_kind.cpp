// A plugin of a kind that no host knows, beside one of a kind that all know.

#include "core/api/plugin.h"
#include "core/api/scheduler.h"

namespace {

using namespace alice;

class Sampler final : public SchedulerFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"left-behind", "Is not enrolled.", {}, {}, {}};
    return info;
  }
  std::shared_ptr<const Scheduler> create(const OptionLayers&) const override { return nullptr; }
};

class Stranger final : public Factory {
 public:
  static constexpr const char* kKind = "schedular";

  const FactoryInfo& info() const override {
    static const FactoryInfo info = {"stranger", "Is of no kind.", {}, {}, {}};
    return info;
  }
};

}  // namespace

ALICE_PLUGIN("unknown-kind", "1.0.0", [](alice::Enrolment& enrol) {
  enrol.add(std::make_unique<Sampler>());
  enrol.add(std::make_unique<Stranger>());
})
