// LoRAs as files of factors (Hu et al. 2021) and of LyCORIS' methods, under the three conventions of names that the
// world has.

#include "core/api/plugin.h"

#include "core/api/lora.h"
#include "plugins/loras/low_rank/diffusers_old.h"
#include "plugins/loras/low_rank/kohya.h"
#include "plugins/loras/low_rank/peft.h"

namespace alice::low_rank {
namespace {

template <class Format>
class FormatFactory final : public LoraFormatFactory {
 public:
  FormatFactory(std::string id, std::string help) {
    info_.id = std::move(id);
    info_.help = std::move(help);
  }
  const FactoryInfo& info() const override { return info_; }
  std::shared_ptr<const LoraFormat> create(const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<Format>();
  }

 private:
  FactoryInfo info_;
};

void enrol(Enrolment& enrolment) {
  enrolment.add(std::make_unique<FormatFactory<Kohya>>(
      "kohya", "lora_unet_*.lora_down.weight: kohya-ss, and LyCORIS' methods"));
  enrolment.add(std::make_unique<FormatFactory<Peft>>("peft", "unet.*.lora_A.weight: PEFT, and today's diffusers"));
  enrolment.add(std::make_unique<FormatFactory<DiffusersOld>>(
      "diffusers_old", "*.processor.to_q_lora.down.weight: diffusers before PEFT"));
}

}  // namespace
}  // namespace alice::low_rank

ALICE_PLUGIN("alice-lora-low-rank", "0.1.0", alice::low_rank::enrol)
