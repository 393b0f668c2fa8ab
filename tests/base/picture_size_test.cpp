#include "core/base/picture_size.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

SizeRule rule_of(PictureSize native, std::optional<int64_t> of_model = {}, std::optional<int64_t> general = {}) {
  HostConfig config;
  config.max_pixels = general;
  ModelConfig model;
  model.id = "sd/x";
  model.max_pixels = of_model;
  return size_rule(config, model, native, 8);
}

std::string fault_of(PictureSize asked, const SizeRule& rule) {
  Faults faults;
  check_pixels("sd/x", asked, rule, json_places(""), faults);
  return faults.list().empty() ? "" : faults.list().at(0).place + ": " + faults.list().at(0).sentence;
}

}  // namespace

TEST_CASE("the limit of pixels is four times the native area and never less than 256x256") {
  CHECK(rule_of({64, 64}).most_pixels == 256 * 256);
  CHECK(rule_of({128, 128}).most_pixels == 256 * 256);
  CHECK(rule_of({136, 136}).most_pixels == 4 * 136 * 136);
  CHECK(rule_of({512, 512}).most_pixels == 1024 * 1024);
  CHECK(rule_of({0, 0}).most_pixels == 0);  // nobody knows
}

TEST_CASE("the model's own limit counts before the general one, and that before the built-in one") {
  CHECK(rule_of({64, 64}, 100, 200).most_pixels == 100);
  CHECK(rule_of({64, 64}, 100, 200).key == "models.sd/x.max_pixels");
  CHECK(rule_of({64, 64}, {}, 200).most_pixels == 200);
  CHECK(rule_of({64, 64}, {}, 200).key == "generation.max_pixels");
  CHECK(rule_of({64, 64}, 0, 200).most_pixels == 0);  // any number
  CHECK(rule_of({64, 64}).key == "generation.max_pixels");
}

TEST_CASE("a size that the configuration makes the usual one is never beyond the built-in limit") {
  HostConfig config;
  config.defaults.width = 640;
  ModelConfig model;
  model.defaults.height = 1280;
  const SizeRule rule = size_rule(config, model, {64, 64}, 8);
  CHECK(to_text(rule.usual) == "640x1280");
  CHECK(rule.most_pixels == 640 * 1280);
}

TEST_CASE("a picture beyond the limit is refused with what, limit, native size and key, at its longer side") {
  const SizeRule rule = rule_of({64, 64});
  CHECK(fault_of({256, 256}, rule).empty());
  CHECK(fault_of({512, 128}, rule).empty());
  CHECK(fault_of({1024, 1024}, rule) ==
        "/width: 1024x1024 are 1,048,576 pixels; sd/x may make 65,536, such as 256x256, and was trained for 64x64 (the "
        "configuration's generation.max_pixels sets the limit)");
  CHECK(says(fault_of({256, 264}, rule), "/height: 256x264"));
  CHECK(fault_of({8192, 8192}, rule_of({64, 64}, 0)).empty());
}

TEST_CASE("a size is fitted to the limit: as large as may be, of about its shape, its sides multiples") {
  const SizeRule small = rule_of({64, 64});
  CHECK(to_text(fit_size({1024, 1024}, small)) == "256x256");
  CHECK(to_text(fit_size({1536, 1024}, small)) == "312x208");
  CHECK(to_text(fit_size({1024, 1792}, small)) == "192x336");
  CHECK(to_text(fit_size({200, 136}, small)) == "200x136");  // fits
  CHECK(to_text(fit_size({8192, 8}, small)) == "8192x8");
  CHECK(to_text(fit_size({8192, 16}, small)) == "5792x8");
  for (int64_t width = 8; width <= 8192; width += 56)
    for (const int64_t height : {8, 72, 1000, 8192}) {
      const PictureSize fitted = fit_size({width, height}, small);
      INFO(width << "x" << height << " -> " << to_text(fitted));
      REQUIRE(fitted.pixels() <= small.most_pixels);
      REQUIRE(fitted.width % 8 == 0);
      REQUIRE(fitted.height % 8 == 0);
      REQUIRE(fitted.is_known());
    }
}

TEST_CASE("a rule is read from what a worker tells of a model") {
  Json model = {{"native_width", 64}, {"native_height", 96}, {"size_multiple", 8}, {"defaults", {{"width", 128}}}};
  model.update(write_size_rule(rule_of({64, 96}, 100)));
  const SizeRule read = read_size_rule(model);
  CHECK(to_text(read.native) == "64x96");
  CHECK(to_text(read.usual) == "128x0");
  CHECK(read.multiple == 8);
  CHECK(read.most_pixels == 100);
  CHECK(read.key == "models.sd/x.max_pixels");
  CHECK(read_size_rule(Json::object()).most_pixels == 0);
}
