#include "core/base/recipe.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::error_of;
using alice::test::says;

namespace {

Recipe recipe() {
  Recipe r;
  r.request.model = "sd/tiny";
  r.request.prompt = "a cat";
  r.request.prompt_style = PromptStyle::a1111;
  r.request.steps = 20;
  r.request.seed = 7;
  r.request.scheduler = "some_sampler";
  r.request.scheduler_options = {{"eta", 0.5}};
  r.request.loras = {{"hats", 0.5}};
  r.sampler = "Some Sampler Karras";
  r.schedule_type = "Karras";
  r.model_sha256 = std::string(64, 'a');
  r.request.refiner = "sd/finer";
  r.refiner_sha256 = std::string(64, 'c');
  r.lora_sha256 = {std::string(64, 'b')};
  r.parts["vae"] = {"some_vae", {{"tiles", 2}}, "vae.safetensors", std::string(64, 'c')};
  r.backend = "some_backend";
  r.backend_options = {{"dtype", "bfloat16"}};
  r.dtype = "bfloat16";
  r.machine = {"avx2 avx512f", 2, "1.13.1"};
  r.version = "1.2.3";
  return r;
}

}  // namespace

TEST_CASE("a recipe is read back as it was written, and a request alone is a recipe too") {
  const Json written = write_recipe(recipe());
  CHECK(write_recipe(read_recipe(written, "")) == written);
  CHECK(written.at("made_with").at("parts").at("vae").at("source") == "vae.safetensors");
  const Json request = write_generate_request(recipe().request);
  CHECK(write_generate_request(read_recipe(request, "").request) == request);
}

TEST_CASE("a recipe of before there were prompt styles means the plain one; embeddings are compared") {
  Recipe old = recipe();
  old.request.prompt_style.reset();
  CHECK(read_recipe(write_recipe(old), "").request.prompt_style == PromptStyle::plain);
  Recipe with_word = recipe(), other = recipe();
  with_word.embedding_sha256["word"] = std::string(64, 'e');
  other.embedding_sha256["word"] = std::string(64, 'f');
  CHECK((read_recipe(write_recipe(with_word), "").embedding_sha256 == with_word.embedding_sha256));
  CHECK(differences(with_word, with_word).empty());
  CHECK(says(differences(with_word, other).at(0), "the embedding word"));
}

TEST_CASE("a recipe with faults is refused, each with its place; what a later version says more is passed over") {
  Json written = write_recipe(recipe());
  written["steps"] = "many";
  written["made_with"]["machine"]["threads"] = -1;
  const std::string all = error_of([&] { read_recipe(written, "x.png: "); }).what();
  CHECK(says(all, "x.png: /steps"));
  CHECK(says(all, "x.png: /made_with/machine/threads"));
  written = write_recipe(recipe());
  written["made_with"]["weather"] = "fine";
  CHECK(read_recipe(written, "").backend == "some_backend");
  for (const Json& odd : {Json(3), Json("x"), Json::array()}) {
    written["made_with"] = odd;
    CHECK_THROWS_AS(read_recipe(written, ""), Error);
  }
}

TEST_CASE("what may change the bytes is told, and nothing when all is the same or not known") {
  CHECK(differences(recipe(), recipe()).empty());
  CHECK(differences(Recipe(), recipe()).empty());
  const auto one = [](const auto& change) {
    Recipe now = recipe();
    change(now);
    const auto sentences = differences(recipe(), now);
    REQUIRE(sentences.size() == 1);
    return sentences.front();
  };
  CHECK(says(one([](Recipe& r) { r.model_sha256 = std::string(64, 'd'); }), "the model sd/tiny is another file"));
  CHECK(says(one([](Recipe& r) { r.refiner_sha256 = std::string(64, 'd'); }), "the refiner sd/finer is another file"));
  CHECK(says(one([](Recipe& r) { r.parts["vae"].sha256 = std::string(64, 'd'); }), "the vae vae.safetensors"));
  CHECK(says(one([](Recipe& r) { r.lora_sha256 = {std::string(64, 'd')}; }), "the LoRA hats"));
  CHECK(says(one([](Recipe& r) { r.machine.instructions = "avx2"; }), "a processor with avx2 avx512f"));
  CHECK(says(one([](Recipe& r) { r.backend_options = Json::object(), r.dtype = "float32"; }),
             "some_backend in float32"));
  CHECK(says(one([](Recipe& r) { r.machine.threads = 1; }), "made with 2 threads, drawn now with 1 thread"));
  CHECK(says(one([](Recipe& r) { r.version = "1.3"; }), "ALICE 1.2.3"));
  Recipe brief = recipe();
  brief.model_sha256 = "aaaaaaaaaa";  // as A1111 writes it
  CHECK(differences(brief, recipe()).empty());
}

TEST_CASE("people are told all of it") {
  const std::string text = recipe_text(recipe());
  for (const char* part :
       {"a cat", "sd/tiny", "some_sampler {\"eta\":0.5}  (Some Sampler Karras)", "hats:0.5",
        "vae.safetensors by some_vae",
        "some_backend in bfloat16", "avx2 avx512f", "1.2.3"}) {
    INFO(text);
    CHECK(says(text, part));
  }
}
