// The key functions of the contracts: each class's vtable and typeinfo exist once, here.

#include "core/api/backend.h"
#include "core/api/family.h"
#include "core/api/lora.h"
#include "core/api/plugin.h"
#include "core/api/scheduler.h"
#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"

namespace alice {

PreparedWeight::~PreparedWeight() = default;
Backend::~Backend() = default;
WeightSource::~WeightSource() = default;
Family::~Family() = default;
TextEncoder::~TextEncoder() = default;
UNetRun::~UNetRun() = default;
UNet::~UNet() = default;
Vae::~Vae() = default;
NoiseSource::~NoiseSource() = default;
Scheduler::~Scheduler() = default;
LoraFormat::~LoraFormat() = default;
Factory::~Factory() = default;

const void* PreparedWeight::extension(const char*) const { return nullptr; }
const void* Backend::extension(const char*) const { return nullptr; }
const void* WeightSource::extension(const char*) const { return nullptr; }
const void* Family::extension(const char*) const { return nullptr; }
const void* TextEncoder::extension(const char*) const { return nullptr; }
void* UNetRun::extension(const char*) { return nullptr; }
const void* UNet::extension(const char*) const { return nullptr; }
const void* Vae::extension(const char*) const { return nullptr; }
void* NoiseSource::extension(const char*) { return nullptr; }
const void* Scheduler::extension(const char*) const { return nullptr; }
const void* LoraFormat::extension(const char*) const { return nullptr; }
const void* Factory::extension(const char*) const { return nullptr; }
const void* Enrolment::extension(const char*) const { return nullptr; }

}  // namespace alice
