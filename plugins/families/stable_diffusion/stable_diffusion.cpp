// The plugin: Stable Diffusion's families.

#include "core/api/plugin.h"
#include "plugins/families/stable_diffusion/families.h"

ALICE_PLUGIN("alice-family-stable-diffusion", "0.1.0", [](alice::Enrolment& enrol) {
  enrol.add(alice::stable_diffusion::one_encoder_factory());
  enrol.add(alice::stable_diffusion::two_encoders_factory());
  enrol.add(alice::stable_diffusion::refiner_factory());
})
