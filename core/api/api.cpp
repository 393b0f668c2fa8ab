// The key functions of the contracts: each class's vtable and typeinfo exist once, here.

#include "core/api/plugin.h"

namespace alice {

PreparedWeight::~PreparedWeight() = default;
Backend::~Backend() = default;
WeightSource::~WeightSource() = default;
TextEncoder::~TextEncoder() = default;
UNetRun::~UNetRun() = default;
UNet::~UNet() = default;
Vae::~Vae() = default;
NoiseSource::~NoiseSource() = default;
Scheduler::~Scheduler() = default;
LoraFormat::~LoraFormat() = default;
Factory::~Factory() = default;
AssetReader::~AssetReader() = default;

const void* Backend::extension(const char*) const { return nullptr; }
const void* TextEncoder::extension(const char*) const { return nullptr; }
const void* UNet::extension(const char*) const { return nullptr; }
const void* Vae::extension(const char*) const { return nullptr; }
const void* Scheduler::extension(const char*) const { return nullptr; }
const void* LoraFormat::extension(const char*) const { return nullptr; }

}  // namespace alice
