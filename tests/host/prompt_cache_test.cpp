#include "core/host/prompt_cache.h"

#include <stdexcept>

#include "tests/host/models.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Its tokens are its ids plus layers_back; counts how often it is asked.
class CountingEncoder : public TextEncoder {
 public:
  const TextEncoderInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { throw std::logic_error("has no weights"); }
  TokenIds tokenize(const std::string&) const override { throw std::logic_error("has no tokenizer"); }
  TextEncoding encode(const TokenInput& input, int64_t layers_back, bool) const override {
    ++calls;
    return {input.ids.to(at::kFloat).unsqueeze(-1) + layers_back, {}};
  }
  std::vector<Tensor> hidden_states(const Tensor&) const override { throw std::logic_error("has no layers"); }
  std::shared_ptr<const TextEncoder> patched(const Deltas&) const override { throw std::logic_error("has no weights"); }

  mutable int calls = 0;

 private:
  TextEncoderInfo info_;
};

/// The tokens of all prompts, below one another.
Tensor tokens(PromptCache& cache, const std::shared_ptr<const CountingEncoder>& encoder,
              const std::vector<std::vector<int64_t>>& prompts, int64_t layers_back) {
  std::vector<Tensor> rows;
  std::vector<TokenWindow> windows;
  for (const std::vector<int64_t>& ids : prompts) windows.push_back({ids});
  for (const TextEncoding& row : cache.encode(encoder, windows, layers_back, true)) rows.push_back(row.tokens);
  return at::cat(rows);
}

}  // namespace

TEST_CASE("a prompt is encoded once for an encoder and a clip skip") {
  PromptCache cache;
  const auto encoder = std::make_shared<const CountingEncoder>(), other = std::make_shared<const CountingEncoder>();
  for (int time = 0; time < 3; ++time) {
    CHECK(tokens(cache, encoder, {{1, 2}}, 0).equal(at::tensor({1.f, 2.f}).view({1, 2, 1})));
    CHECK(tokens(cache, encoder, {{1, 2}}, 1).equal(at::tensor({2.f, 3.f}).view({1, 2, 1})));
    CHECK(tokens(cache, encoder, {{3, 2}}, 0).equal(at::tensor({3.f, 2.f}).view({1, 2, 1})));
  }
  CHECK(encoder->calls == 3);
  tokens(cache, other, {{1, 2}}, 0);
  CHECK(other->calls == 1);
}

TEST_CASE("prompts that are not known are encoded in one call, in their order") {
  PromptCache cache;
  const auto encoder = std::make_shared<const CountingEncoder>();
  tokens(cache, encoder, {{5, 6}}, 0);
  const Tensor three = tokens(cache, encoder, {{1, 2}, {5, 6}, {3, 4}}, 0);
  CHECK(three.equal(at::tensor({1.f, 2.f, 5.f, 6.f, 3.f, 4.f}).view({3, 2, 1})));
  CHECK(encoder->calls == 2);
  CHECK(tokens(cache, encoder, {{3, 4}, {1, 2}}, 0).equal(at::tensor({3.f, 4.f, 1.f, 2.f}).view({2, 2, 1})));
  CHECK(encoder->calls == 2);
}

TEST_CASE("of many prompts those are kept that were used last") {
  PromptCache cache(2);
  const auto encoder = std::make_shared<const CountingEncoder>();
  for (const int64_t id : {1, 2, 1, 3}) tokens(cache, encoder, {{id}}, 0);  // 3 takes the place of 2
  CHECK(encoder->calls == 3);
  tokens(cache, encoder, {{1}}, 0);
  CHECK(encoder->calls == 3);
  tokens(cache, encoder, {{2}}, 0);
  CHECK(encoder->calls == 4);
}

TEST_CASE("a LoRA's text encoder never gets what the plain one made of a prompt") {
  Composer composer(golden_models(), built_in_registry());
  const auto plain = composer.compose(kFolderModel, false);
  Model patched = *plain;  // with the same cache
  Deltas deltas;
  const Parameter& first = plain->text_encoders.at("text_encoder")->weights().parameters().front();
  deltas.emplace(first.name, at::ones(first.shape));
  auto& encoder = patched.text_encoders.at("text_encoder");
  encoder = encoder->patched(deltas);

  Settings settings;
  settings.prompt = "a cat";
  std::vector<std::string> warnings;
  const auto tokens_of = [&](const Model& model) {
    return stacked(encode(model, settings, 1, warnings).told.front()).at("tokens");
  };
  const Tensor of_plain = tokens_of(*plain);
  const Tensor of_patched = tokens_of(patched);
  CHECK_FALSE(of_plain.equal(of_patched));
  CHECK(of_plain.equal(tokens_of(*plain)));
}
