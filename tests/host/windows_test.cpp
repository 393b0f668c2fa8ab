// Windows of prompts and weights on states, with an encoder whose every number can be told.

#include "core/host/make/windows.h"

#include <stdexcept>

#include "core/host/make/weighting.h"
#include "tests/host/models.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr int64_t kStart = 1000, kEnd = 1001;

/// A letter is a token; blanks are none. Its state is its id, twice, where it stands.
class LetterEncoder final : public TextEncoder {
 public:
  LetterEncoder() {
    info_.token_limit = 77;
    info_.width = info_.vector_width = 2;
    info_.layers = 2;
    info_.frame = {{kStart}, {kEnd}, kEnd};
  }
  const TextEncoderInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { throw std::logic_error("has no weights"); }
  TokenIds tokenize(const std::string& prompt) const override {
    TokenIds ids;
    ids.all = {kStart};
    for (const char c : prompt)
      if (c != ' ') ids.all.push_back(c);
    ids.all.push_back(kEnd);
    ids.padded = ids.all;
    ids.padded.resize(77, kEnd);
    if (ids.all.size() > 77) ids.padded.back() = kEnd, ids.cut_off = "its end";
    return ids;
  }
  TextEncoding encode(const TokenInput& input, int64_t, bool) const override {
    Tensor tokens = input.ids.to(at::kFloat).unsqueeze(-1).repeat({1, 1, 2});
    for (const TokenInput::Vector& vector : input.vectors)
      tokens.select(0, vector.row).select(0, vector.position).copy_(vector.numbers);
    return {tokens, {}};
  }
  std::vector<Tensor> hidden_states(const Tensor&) const override { throw std::logic_error("has no layers"); }
  std::shared_ptr<const TextEncoder> patched(const Deltas&) const override { throw std::logic_error("has no weights"); }

 private:
  TextEncoderInfo info_;
};

/// How many tokens of its own each window has, and their ids.
struct Windows {
  std::vector<WeightedWindow> all;
  std::vector<std::string> warnings;

  std::vector<size_t> lengths() const {
    std::vector<size_t> lengths;
    for (const WeightedWindow& window : all) {
      const auto& ids = window.tokens.ids;
      REQUIRE(ids.size() == 77);
      REQUIRE(ids.front() == kStart);
      lengths.push_back(static_cast<size_t>(std::find(ids.begin(), ids.end(), kEnd) - ids.begin()) - 1);
    }
    return lengths;
  }
  int64_t id(size_t window, size_t place) const { return all.at(window).tokens.ids.at(place + 1); }
  double weight(size_t window, size_t place) const {
    return all.at(window).weights.empty() ? 1 : all.at(window).weights.at(place + 1);
  }
};

Windows read(const std::string& text, PromptStyle style, const std::vector<Embedding>& embeddings = {}) {
  const LetterEncoder encoder;
  Windows windows;
  windows.all = windows_of({encoder, "text_encoder", embeddings}, text, style, "/prompt", windows.warnings);
  return windows;
}

using Lengths = std::vector<size_t>;
const PromptStyle a1111 = PromptStyle::a1111, comfyui = PromptStyle::comfyui, plain = PromptStyle::plain;

std::string xs(size_t count, char c = 'x') { return std::string(count, c); }

Embedding word(const std::string& name, int64_t vectors) {
  return {name, {{"text_encoder", at::arange(1, 1 + vectors).to(at::kFloat).unsqueeze(1).repeat({1, 2})}}, {}};
}

/// A model of that encoder alone.
Model letters() {
  Model model;
  model.texts = {{"text_encoder", 0, true}};
  model.text_encoders["text_encoder"] = std::make_shared<const LetterEncoder>();
  return model;
}

}  // namespace

TEST_CASE("a prompt that fits is one window, the same in every style") {
  const LetterEncoder encoder;
  for (const std::string& prompt : {std::string(), std::string("a cat, a hat"), xs(75)})
    for (const PromptStyle style : {a1111, comfyui, plain}) {
      const Windows windows = read(prompt, style);
      REQUIRE(windows.all.size() == 1);
      CHECK(windows.all[0].tokens.ids == encoder.tokenize(prompt).padded);
      CHECK(windows.all[0].weights.empty());
      CHECK(windows.warnings.empty());
    }
}

TEST_CASE("A1111 cuts a full window behind a comma of its last twenty tokens") {
  CHECK(read(xs(60) + "," + xs(20, 'y'), a1111).lengths() == Lengths{61, 20});
  CHECK(read(xs(50) + "," + xs(30, 'y'), a1111).lengths() == Lengths{75, 6});
  const Windows comma = read(xs(75) + ",", a1111);
  CHECK(comma.lengths() == Lengths{75, 1});
  CHECK(comma.id(1, 0) == ',');
  CHECK(read(xs(54) + "," + xs(20) + "y", a1111).lengths() == Lengths{75, 1});    // 75 - 54 = 21
  CHECK(read(xs(55) + "," + xs(19) + "y", a1111).lengths() == Lengths{56, 20});   // 20
  CHECK(read(xs(74) + ",y", a1111).lengths() == Lengths{75, 1});                  // nothing behind it to move
  CHECK(read(xs(200), a1111).lengths() == Lengths{75, 75, 50});
}

TEST_CASE("weights move with the tokens that a comma moves") {
  const Windows windows = read(xs(60) + ",(" + xs(20, 'y') + ":1.5)", a1111);
  CHECK(windows.lengths() == Lengths{61, 20});
  CHECK(windows.all[0].weights.empty());
  CHECK(windows.weight(1, 0) == 1.5);
  CHECK(windows.weight(1, 19) == 1.5);
  CHECK(windows.weight(1, 20) == 1);  // its end
}

TEST_CASE("BREAK closes a window, at the end none, at the beginning an empty one") {
  CHECK(read("ab BREAK cde", a1111).lengths() == Lengths{2, 3});
  CHECK(read("ab BREAK", a1111).lengths() == Lengths{2});
  CHECK(read("BREAK ab", a1111).lengths() == Lengths{0, 2});
  CHECK(read("ab BREAK BREAK cd", a1111).lengths() == Lengths{2, 0, 2});
  CHECK(read("ab BREAK cde", comfyui).lengths() == Lengths{10});
}

TEST_CASE("ComfyUI cuts a large piece at the window's end and moves a small one whole") {
  CHECK(read(xs(80), comfyui).lengths() == Lengths{75, 5});
  CHECK(read(xs(70) + "(" + xs(7, 'y') + ":2)", comfyui).lengths() == Lengths{70, 7});
  CHECK(read(xs(70) + "(" + xs(8, 'y') + ":2)", comfyui).lengths() == Lengths{75, 3});
  CHECK(read(xs(60) + "," + xs(20, 'y'), comfyui).lengths() == Lengths{75, 6});
}

TEST_CASE("plain cuts off, and what is beyond the most windows is told") {
  const Windows windows = read(xs(80), plain);
  CHECK(windows.lengths() == Lengths{75});
  CHECK(says(windows.warnings.at(0), "/prompt: only 77 tokens fit"));
  CHECK(read("(a:1.2) BREAK", plain).lengths() == Lengths{12});
  const Windows many = read(xs(75 * kMostWindows + 1), a1111);
  CHECK(many.all.size() == kMostWindows);
  CHECK(says(many.warnings.at(0), "it has " + std::to_string(kMostWindows + 1)));
}

TEST_CASE("a word of an embedding stands for its vectors, the longest name first") {
  const std::vector<Embedding> words = {word("bad", 2), word("badly", 3)};
  const Windows windows = read("a (bad:1.5) badly b", a1111, words);
  CHECK(windows.all[0].tokens.vectors.size() == 5);
  CHECK(windows.all[0].tokens.vectors.at(2).equal(at::tensor({1.f, 1.f})));
  CHECK(windows.all[0].tokens.vectors.at(6).equal(at::tensor({3.f, 3.f})));
  CHECK(windows.weight(0, 2) == 1.5);
  CHECK(windows.id(0, 6) == 'b');
  CHECK(read(xs(74) + "bad", a1111, words).lengths() == Lengths{74, 2});  // moves whole
  const Windows marked = read("a embedding:bad, (embedding:badly:2) embedding:none c bad", comfyui, words);
  CHECK(marked.all[0].tokens.vectors.size() == 5);
  CHECK(marked.all[0].tokens.vectors.count(2) == 1);
  CHECK(marked.id(0, 3) == ',');
  CHECK(marked.weight(0, 4) == 2);
  CHECK(read("abadc", plain, words).all[0].tokens.vectors.size() == 2);
}

TEST_CASE("A1111's weights keep the mean of a window over all texts; ComfyUI's go from the empty prompt's state") {
  const Model model = letters();
  // Rows 1 and 2 of states with weights 1 and 2 become 0.6 and 2.4 under A1111 (breadth of the reference's numbers):
  // here letters are larger numbers, and the frame counts, so the same is computed in double.
  const auto encode = [&](const std::vector<std::string>& texts, PromptStyle style) {
    std::vector<WeightedPrompt> prompts;
    for (const std::string& text : texts) prompts.push_back({read(text, style).all, 1});
    std::vector<Tensor> out;
    for (const TextEncoding& row : encode_texts(model, model.texts[0], 0, prompts, style, "/prompt"))
      out.push_back(row.tokens);
    return out;
  };
  const auto states = [&](const std::string& text) {
    return at::tensor(LetterEncoder().tokenize(text).padded).to(at::kDouble).view({1, 77, 1}).repeat({1, 1, 2});
  };
  Tensor weights = at::ones({1, 77, 1}, at::kDouble);
  weights[0][2] = 2;
  const Tensor z = states("ab"), other = states("cd"), e = states("");
  const Tensor alone = z * weights * (z.mean() / (z * weights).mean());
  CHECK(at::allclose(encode({"a(b:2)"}, a1111)[0].to(at::kDouble), alone, 1e-5, 1e-3));
  const Tensor before = (z.mean() + other.mean()) / 2, after = ((z * weights).mean() + other.mean()) / 2;
  const std::vector<Tensor> both = encode({"a(b:2)", "cd"}, a1111);
  CHECK(at::allclose(both[0].to(at::kDouble), z * weights * (before / after), 1e-5, 1e-3));
  CHECK(at::allclose(both[1].to(at::kDouble), other * (before / after), 1e-5, 1e-3));
  CHECK(at::allclose(encode({"a(b:2)"}, comfyui)[0].to(at::kDouble), e + (z - e) * weights, 1e-5, 1e-3));
  CHECK(encode({"(ab:1)"}, a1111)[0].equal(encode({"ab"}, plain)[0]));
  CHECK(encode({"(ab:1)"}, comfyui)[0].equal(encode({"ab"}, plain)[0]));
}

TEST_CASE("texts of one prompt are of as many windows as the longest") {
  const Model model = letters();
  const auto rows = encode_texts(model, model.texts[0], 0,
                                 {{read("ab BREAK c", a1111).all, 1}, {read("d", a1111).all, 1}}, a1111, "/prompt");
  CHECK(rows[0].tokens.sizes().vec() == std::vector<int64_t>{1, 154, 2});
  CHECK(rows[1].tokens.sizes().vec() == std::vector<int64_t>{1, 154, 2});
  CHECK(rows[1].tokens[0][77][0].item<double>() == kStart);
  CHECK(rows[1].tokens[0][78][0].item<double>() == kEnd);
}
