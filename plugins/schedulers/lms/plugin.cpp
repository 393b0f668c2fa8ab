// The linear multistep sampler of k-diffusion.

#include "core/api/plugin.h"

#include "core/math/sampler_factory.h"
#include "plugins/schedulers/lms/lms.h"

namespace alice::schedulers {
namespace {

FactoryInfo lms_info() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "lms";
  info.help = "LMS: linear multistep steps of fourth order, one network call each.";
  info.aliases = {{"k_lms"}, {"lms_karras", karras}, {"LMS Karras", karras}};
  info.classes = {"LMSDiscreteScheduler"};
  return info;
}

}  // namespace
}  // namespace alice::schedulers

ALICE_PLUGIN("alice-schedulers-lms", "0.1.0", [](alice::Enrolment& enrol) {
  using namespace alice::schedulers;
  enrol.add(std::make_unique<alice::SamplerFactory<Lms>>(lms_info()));
})
