#pragma once
// The families of this library, a file each.

#include "core/api/family.h"

namespace alice::stable_diffusion {

std::unique_ptr<FamilyFactory> one_encoder_factory();   ///< SD 1.x and 2.x and their kin
std::unique_ptr<FamilyFactory> two_encoders_factory();  ///< SDXL
std::unique_ptr<FamilyFactory> refiner_factory();       ///< SDXL's refiner

}  // namespace alice::stable_diffusion
