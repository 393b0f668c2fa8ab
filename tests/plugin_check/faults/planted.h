#pragma once
// Sound plugins with one fault planted: which, the environment says. Without one the sound twin is left.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "core/api/plugin.h"

namespace alice::faults {

/// Is this the fault that ALICE_FAULT names?
inline bool planted(const char* name) {
  static const char* const wanted = std::getenv("ALICE_FAULT");
  return wanted != nullptr && std::string(wanted) == name;
}

/// Passes a sound plugin's factories on, each through a wrapper: wrap(std::unique_ptr<XFactory>) gives one again.
template <class Wrap>
class Wrapping final : public Enrolment {
 public:
  Wrapping(Enrolment& to, Wrap wrap) : to_(to), wrap_(std::move(wrap)) {}
  void backend(std::unique_ptr<BackendFactory> f) override { to_.backend(wrap_(std::move(f))); }
  void scheduler(std::unique_ptr<SchedulerFactory> f) override { to_.scheduler(wrap_(std::move(f))); }
  void text_encoder(std::unique_ptr<TextEncoderFactory> f) override { to_.text_encoder(wrap_(std::move(f))); }
  void unet(std::unique_ptr<UNetFactory> f) override { to_.unet(wrap_(std::move(f))); }
  void vae(std::unique_ptr<VaeFactory> f) override { to_.vae(wrap_(std::move(f))); }
  void lora_format(std::unique_ptr<LoraFormatFactory> f) override { to_.lora_format(wrap_(std::move(f))); }

 private:
  Enrolment& to_;
  Wrap wrap_;
};

}  // namespace alice::faults
