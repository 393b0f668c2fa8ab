#pragma once
// The factory of a sampler that is made from one options struct.

#include <memory>
#include <utility>

#include "core/api/class_options.h"
#include "core/api/scheduler.h"
#include "core/math/sampler_options.h"

namespace alice {

/// Defaults that some classes of diffusers have where others have beta_start 0.0001 and beta_end 0.02.
inline Json latent_betas() { return {{"beta_start", 0.00085}, {"beta_end", 0.012}}; }

/// Sampler has
///   using Options = ...;
///   static const OptionTable<Options>& options();
///   static void check(const Options&, const PlaceOf&, Faults&);   // what no single option can say
///   explicit Sampler(const Options&);
template <class Sampler>
class SamplerFactory final : public SchedulerFactory {
 public:
  /// info.options is filled here. class_options: of info.classes, those that stand for options (kClassOptions);
  /// class_defaults: those with defaults of their own (kClassDefaults).
  explicit SamplerFactory(FactoryInfo info, std::vector<Alias> class_options = {},
                          std::vector<Alias> class_defaults = {})
      : info_(std::move(info)), class_options_(std::move(class_options)), class_defaults_(std::move(class_defaults)) {
    info_.options = Sampler::options().specs();
  }

  const FactoryInfo& info() const override { return info_; }

  std::shared_ptr<const Scheduler> create(const OptionLayers& layers) const override {
    const auto options = read_options(Sampler::options(), layers, ErrorCode::bad_config);
    Faults faults;
    Sampler::check(options, places_of(layers), faults);
    faults.throw_if_any(ErrorCode::bad_config);
    return std::make_shared<const Sampler>(options);
  }

  const void* extension(const char* name) const override {
    if (std::strcmp(name, kClassDefaults) == 0) return &class_defaults_;
    return std::strcmp(name, kClassOptions) == 0 ? &class_options_ : nullptr;
  }

 private:
  FactoryInfo info_;
  std::vector<Alias> class_options_, class_defaults_;
};

}  // namespace alice
