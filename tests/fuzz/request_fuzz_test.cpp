// Every single change of a request.

#include <cmath>

#include "core/base/lora_tags.h"
#include "tests/fuzz/mutants.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("every byte of a request changed to every value is refused, or a request within all ranges") {
  const std::string text =
      R"({"prompt":"<lora:a:1>","steps":20,"guidance_scale":7.5,"width":64,"seed":0,"n":1,"loras":["b",{"name":"c","strength":-1e1}]})";
  size_t accepted = 0;
  each_changed_byte(text, text.size(), [&](const std::string& mutant) {
    accepted += reads_or_tells([&] {
      GenerateRequest request = read_generate_request(parse_json(mutant, "request", ErrorCode::bad_request));
      Faults faults;
      take_lora_tags(request.prompt, request.loras, faults);
      faults.throw_if_any(ErrorCode::bad_request);
      const bool sound = request.steps.value_or(1) >= 1 && request.steps.value_or(1) <= 1000 &&
                         request.width.value_or(8) >= 8 && request.seed.value_or(0) >= 0 && request.n >= 1 &&
                         request.n <= 100;
      if (!sound) FAIL("accepted: " << mutant);
      for (const LoraUse& lora : request.loras)
        if (lora.name.empty() || !std::isfinite(lora.strength)) FAIL("accepted: " << mutant);
      const Json written = write_generate_request(request);
      if (write_generate_request(read_generate_request(written)) != written) FAIL("does not read back: " << mutant);
    });
  });
  CHECK(accepted > 0);
}

TEST_CASE("LoRA tags of any bytes are taken, refused or left") {
  const std::string prompt = "a, <LoRA:b:0.5>, <lora:c> d";
  each_changed_byte(prompt, prompt.size(), [](const std::string& mutant) {
    std::string text = mutant;
    std::vector<LoraUse> loras;
    Faults faults;
    take_lora_tags(text, loras, faults);
    if (text.size() > mutant.size() + 1) FAIL("grew: " << mutant);
    for (const LoraUse& lora : loras)
      if (lora.name.empty() || !std::isfinite(lora.strength)) FAIL("accepted: " << mutant);
  });
}
