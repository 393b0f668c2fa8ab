#include "core/base/request_fields.h"

#include <algorithm>
#include <set>

#include "core/base/generation_defaults.h"
#include "core/base/infotext.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// A value that the field can have and does not have by itself.
Json other_value(const RequestField& field) {
  if (field.spec.type == OptionType::text) return "some words";
  if (field.spec.type == OptionType::boolean) return field.built_in != Json(true);
  if (field.spec.type == OptionType::choice) return field.spec.choices.back();
  const double high = field.spec.range.maximum, low = field.spec.range.minimum;
  const double value = field.built_in == Json(high) ? low : high;
  return field.spec.type == OptionType::integer ? Json(static_cast<int64_t>(value)) : Json(value);
}

Recipe recipe_with(const std::string& field, const Json& value) {
  Recipe recipe;
  recipe.request = read_generate_request({{"prompt", "a cat"}, {field, value}});
  return recipe;
}

}  // namespace

TEST_CASE("every row of the table keeps its own rules") {
  std::set<std::string> names, words;
  for (const RequestField& field : request_fields()) {
    INFO(field.spec.name);
    CHECK(names.insert(field.spec.name).second);
    for (const std::string& alias : field.aliases) CHECK(names.insert(alias).second);
    if (!field.infotext.empty()) CHECK(words.insert(field.infotext).second);
    CHECK_FALSE(field.spec.help.empty());
    Faults faults;
    if (!field.built_in.is_null()) CHECK(field.spec.check(field.built_in, field.spec.name, faults));
    // A field of which somebody may say a default is absent in a request that does not say it.
    if (field.default_by != DefaultBy::nobody && field.spec.name != "scheduler")
      CHECK(field.spec.default_value.is_null());
    CHECK(&request_field(field.spec.name) == &field);
  }
  CHECK(request_fields().size() == generate_options().specs().size());
  CHECK_THROWS_AS(request_field("stepz"), std::out_of_range);
}

TEST_CASE("who may say a default for all models may say it for one") {
  for (const std::string& name : general_default_names()) {
    const auto& models = model_default_names();
    CHECK(std::find(models.begin(), models.end(), name) != models.end());
  }
  for (const char* name : {"model", "prompt", "seed", "n"}) CHECK(request_field(name).default_by == DefaultBy::nobody);
}

TEST_CASE("a default is taken for each field that may have one, and for no other") {
  for (const RequestField& field : request_fields()) {
    INFO(field.spec.name);
    const GenerateRequest defaults = read_generate_request({{field.spec.name, other_value(field)}});
    const Json completed = write_generate_request(with_defaults(GenerateRequest(), defaults));
    const GenerateRequest& same = field.default_by == DefaultBy::nobody ? GenerateRequest() : defaults;
    CHECK(completed == write_generate_request(same));
  }
}

TEST_CASE("zero and the empty text are said, and overrule what a model says") {
  const GenerateRequest of_model = read_generate_request(
      {{"negative_prompt", "fog"}, {"clip_skip", 2}, {"guidance_rescale", 0.7}, {"token_merging_ratio", 0.5}});
  const Json none = {
      {"negative_prompt", ""}, {"clip_skip", 0}, {"guidance_rescale", 0.0}, {"token_merging_ratio", 0.0}};
  const Json said = write_generate_request(with_defaults(read_generate_request(none), of_model));
  const Json unsaid = write_generate_request(with_defaults(GenerateRequest(), of_model));
  for (const auto& field : none.items()) {
    INFO(field.key());
    CHECK(said.at(field.key()) == field.value());
    CHECK(unsaid.at(field.key()) == write_generate_request(of_model).at(field.key()));
  }
}

TEST_CASE("what is built in completes a request but for its sides, its scheduler and its negative prompt") {
  const Json all = write_generate_request(built_in_defaults());
  for (const std::string& name : model_default_names()) {
    INFO(name);
    CHECK((all.at(name).is_null() || all.at(name) == "") == request_field(name).built_in.is_null());
  }
  CHECK(built_in_defaults(64).height == 64);
  CHECK_FALSE(built_in_defaults(64).negative_prompt.has_value());  // none is not an empty one
  CHECK(describe_defaults({}).size() == model_default_names().size());
}

TEST_CASE("every field that has a pair in A1111's text comes back from it") {
  for (const RequestField& field : request_fields()) {
    if (field.infotext.empty()) continue;
    INFO(field.spec.name);
    const std::string text = write_infotext(recipe_with(field.spec.name, other_value(field)));
    CHECK(says(text, field.infotext + ": "));
    CHECK(generate_options().write(read_infotext(text, "x.png").request).at(field.spec.name) == other_value(field));
  }
}

TEST_CASE("every word of A1111's for a value of ours is read as that value") {
  for (const RequestField& field : request_fields())
    for (const auto& [ours, theirs] : field.infotext_words) {
      INFO(field.spec.name << " " << ours);
      Faults faults;
      CHECK(field.spec.check(ours, "here", faults));
      const std::string text = write_infotext(recipe_with(field.spec.name, ours));
      CHECK(says(text, field.infotext + ": ") == !theirs.empty());
      const Json read = generate_options().write(read_infotext(text, "x.png").request).at(field.spec.name);
      CHECK(read == (theirs.empty() ? Json(nullptr) : ours));
    }
  const std::string foreign = "a cat\nSteps: 3, Masked content: something new, RNG: CPU";
  CHECK_FALSE(read_infotext(foreign, "x.png").request.masked_content.has_value());
}

TEST_CASE("what such a text leaves out is what counts unsaid, not what a model would say") {
  for (const RequestField& field : request_fields()) {
    if (!field.infotext_if_other) continue;
    INFO(field.spec.name);
    const std::string text = write_infotext(recipe_with(field.spec.name, field.built_in));
    CHECK_FALSE(says(text, field.infotext + ": "));
    CHECK(generate_options().write(read_infotext(text, "x.png").request).at(field.spec.name) == field.built_in);
  }
}
