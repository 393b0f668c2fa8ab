// What `alice compare` draws, and how its sheet is laid out. compare_test.py has the whole command.

#include <cmath>

#include "server/worker/compare/bitmap_font.h"
#include "server/worker/compare/combinations.h"
#include "server/worker/compare/likeness.h"
#include "server/worker/compare/sheet.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

CommandLine line_of(std::vector<CompareAxis> axes) {
  CommandLine line;
  line.command = Command::compare;
  line.request.prompt = "a cat";
  line.compare.axes = std::move(axes);
  return line;
}

const CompareAxis kBackends{kBackendAxis, {"quick", "exact"}}, kSchedulers{"scheduler", {"walk", "run"}},
    kSteps{"steps", {4, 8, 20}};

std::vector<std::string> words_of(const Comparison& comparison) {
  std::vector<std::string> words;
  for (size_t k = 0; k < comparison.pictures.size(); ++k) words.push_back(comparison.words_of(k));
  return words;
}

Tensor noise(int64_t height, int64_t width) { return at::randint(0, 256, {height, width, 3}, at::kByte); }

Tensor part(const Tensor& picture, int64_t x, int64_t y, int64_t width, int64_t height) {
  return picture.narrow(0, y, height).narrow(1, x, width);
}

}  // namespace

TEST_CASE("each combination is drawn once, row by row, and the reference has 200 steps of the first of all else") {
  const Comparison comparison = comparison_of(line_of({kBackends, kSchedulers, kSteps}));
  CHECK(comparison.rows == 4);
  CHECK(comparison.columns == 3);
  REQUIRE(comparison.pictures.size() == 13);
  CHECK(comparison.words_of(0) == "quick, walk, 4 steps");
  CHECK(comparison.words_of(5) == "quick, run, 20 steps");
  CHECK(comparison.words_of(11) == "exact, run, 20 steps");
  CHECK(comparison.pictures[11].backend == 1);
  CHECK(comparison.pictures[11].request.scheduler == "run");
  CHECK(comparison.pictures[11].request.steps == 20);
  CHECK(comparison.pictures[11].request.prompt == "a cat");
  CHECK(comparison.reference == 12u);
  CHECK(comparison.words_of(12) == "quick, walk, 200 steps");
  CHECK(comparison.pictures[12].backend == 0);
  CHECK(comparison.pictures[12].request.scheduler == "walk");
  CHECK(comparison.pictures[12].request.steps == 200);
}

TEST_CASE("the reference is not drawn twice, and may be another, the first, or none") {
  CommandLine line = line_of({kSchedulers, kSteps});
  line.compare.reference = CompareOptions::Reference::steps;
  line.compare.reference_steps = 20;
  CHECK(comparison_of(line).pictures.size() == 6);
  CHECK(comparison_of(line).reference == 2u);
  line.compare.reference_steps = 50;
  CHECK(words_of(comparison_of(line)).back() == "walk, 50 steps");
  line.compare.reference = CompareOptions::Reference::none;
  CHECK(comparison_of(line).pictures.size() == 6);
  CHECK(comparison_of(line).reference == std::nullopt);

  const Comparison backends = comparison_of(line_of({kBackends, {"guidance_scale", {1.0, 7.5}}}));
  CHECK(words_of(backends) == std::vector<std::string>{"quick, guidance scale 1", "quick, guidance scale 7.5",
                                                       "exact, guidance scale 1", "exact, guidance scale 7.5"});
  CHECK(backends.reference == 0u);

  line = line_of({});
  line.request.steps = 4;
  line.compare.reference = CompareOptions::Reference::steps;
  line.compare.reference_steps = 9;
  CHECK(words_of(comparison_of(line)) == std::vector<std::string>{"", "9 steps"});
}

TEST_CASE("PSNR is ten times the logarithm of the squared peak over the mean squared difference") {
  const Tensor black = at::zeros({4, 8, 3}, at::kByte), white = at::full({4, 8, 3}, 255, at::kByte);
  CHECK(psnr(white, black) == Approx(0).margin(1e-12));
  CHECK(std::isinf(psnr(white, white)));
  CHECK(psnr(at::full({4, 8, 3}, 1, at::kByte), black) == Approx(20 * std::log10(255)));
  Tensor dot = at::zeros({4, 8, 3}, at::kByte);
  dot[1][2][0] = 255;  // one of 96 values
  CHECK(psnr(dot, black) == Approx(10 * std::log10(96)));
  CHECK(psnr(black, dot) == Approx(10 * std::log10(96)));
}

TEST_CASE("pictures stand on the sheet as they are, apart from each other and from all text") {
  for (const int64_t side : {16, 64, 520}) {
    CAPTURE(side);
    const int64_t height = side + 8;
    Sheet sheet{{"a prompt of some length, which is broken where the sheet ends", "seed 7"},
                {"4 steps", "a long label of a column"},
                {},
                {side, height}};
    for (int row = 0; row < 2; ++row)
      sheet.rows.push_back(
          {{"one", "two"}, {{noise(height, side), {"12.3 dB", "1 s"}}, {noise(height, side), {"identical"}}}});
    sheet.rows.push_back({{"alone"}, {{Tensor(), {"not drawn"}}}});
    const DrawnSheet drawn = draw_sheet(sheet);
    CHECK(to_text(size_of(sheet)) == to_text({drawn.pixels.size(1), drawn.pixels.size(0)}));
    REQUIRE(drawn.places.size() == 3);
    REQUIRE(drawn.places[2].size() == 1);

    Tensor rest = drawn.pixels.clone();
    for (size_t row = 0; row < drawn.places.size(); ++row)
      for (size_t k = 0; k < drawn.places[row].size(); ++k) {
        const auto [x, y] = drawn.places[row][k];
        if (row < 2) CHECK(part(drawn.pixels, x, y, side, height).equal(sheet.rows[row].cells[k].pixels));
        CHECK(part(rest, x, y, side, height).ne(0).any().item<bool>());  // no picture lies on another
        part(rest, x, y, side, height).fill_(0);
        for (const Tensor& edge : {part(drawn.pixels, x, y - 1, side, 1), part(drawn.pixels, x, y + height, side, 1),
                                   part(drawn.pixels, x - 1, y, 1, height), part(drawn.pixels, x + side, y, 1, height)})
          CHECK(edge.eq(kPaper).all().item<bool>());
      }
  }
}

TEST_CASE("letters are black dots, and what is no ASCII a box") {
  const auto drawn = [](const std::string& text, int64_t scale) {
    const Tensor paper = at::full({kLineHeight * scale, text_width(text, scale), 3}, 255, at::kByte);
    draw_text(paper, text, 0, 0, scale);
    return paper;
  };
  CHECK(text_width("abc", 2) == 36);
  CHECK(drawn("T", 1).select(2, 0).eq(0).sum().item<int64_t>() == 11);  // five across, six down
  CHECK(drawn("T", 3).select(2, 0).eq(0).sum().item<int64_t>() == 99);
  CHECK(drawn(" ", 1).eq(255).all().item<bool>());
  CHECK(drawn("\xc3\xa9", 1).equal(drawn("\xf0\x9f\x90\xb1", 1)));
  std::vector<Tensor> letters;
  for (int letter = ' '; letter <= '~' + 1; ++letter) {  // the last is the box
    letters.push_back(drawn(std::string(1, static_cast<char>(letter)), 1));
    for (size_t k = 0; k + 1 < letters.size(); ++k) CHECK_FALSE(letters[k].equal(letters.back()));
    CHECK(letters.back().narrow(1, 5, 1).eq(255).all().item<bool>());  // a gap behind each
  }
}
