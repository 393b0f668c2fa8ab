#include <algorithm>
#include <memory>

#include "core/base/request_fields.h"
#include "server/cli/commands/commands.h"
#include "server/cli/commands/request_words.h"
#include "server/cli/picture_names.h"

namespace alice {
namespace {

constexpr const char* kFooter =
    "Every option whose value ends in ,... takes several, with commas between them; each combination is drawn, from\n"
    "the same prompt and seed, and all stand on one sheet. Seconds are those from noise to picture, the model loaded\n"
    "and warm. PSNR says how near a picture comes to the reference, in decibels: from 40 on two are hard to tell\n"
    "apart. The usual reference has 200 steps, and else the first of everything that is listed; where neither\n"
    "schedulers nor steps are listed it is the first picture.\n\n"
    "Ctrl-C leaves a sheet of what is done. On the sheet, letters other than ASCII's are boxes.\n\n"
    "Examples:\n"
    "  alice compare \"a cat in a hat\" --scheduler NAME,NAME --steps 4,8,20 --seed 7\n"
    "  alice compare \"a cat\" --backend NAME,NAME -o backends.png\n"
    "  alice compare \"a cat\" --guidance 1,3,7.5 --reference none\n"
    "  alice compare \"a cat\" --steps 8,20 --reference 50 --json\n\n";

/// Those of one picture alone, and what a comparison is of.
const std::vector<std::string> kOnce = {"model", "prompt", "negative_prompt", "width", "height", "seed"};

/// All pictures of a sheet come from noise alone.
bool is_left_out(const OptionSpec& spec) {
  const bool is_of_files = spec.name == "output_format" || spec.name == "output_quality";
  return spec.name == "n" || is_of_files || request_field(spec.name).counts_with != CountsWith::always;
}
bool takes_many(const OptionSpec& spec) { return std::find(kOnce.begin(), kOnce.end(), spec.name) == kOnce.end(); }

struct Texts {
  RequestWords words;
  std::string backend, reference;
};

std::vector<std::string> pieces_of(const std::string& text) {
  constexpr const char* kBlanks = " \t";
  std::vector<std::string> pieces;
  for (size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find(',', begin);
    std::string piece = text.substr(begin, end == text.npos ? end : end - begin);
    piece.erase(0, piece.find_first_not_of(kBlanks));
    piece.erase(piece.find_last_not_of(kBlanks) + 1);
    pieces.push_back(piece);
  }
  return pieces;
}

/// Adds the values of a list, each once.
void add_axis(const std::string& field, const std::string& option, const std::vector<Json>& values,
              CompareOptions& compare, Faults& faults) {
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (*value == "")
      faults.add(option, "has an empty place in its list");
    else if (std::find(values.begin(), value, *value) != value)
      faults.add(option, "lists " + dump_json(*value) + " twice");
  }
  compare.axes.push_back({field, values});
}

/// The field's value in a request that says nothing else.
Json value_of(const std::string& field, const std::string& text, Faults& faults) {
  return write_generate_request(read_request({{field, text}}, faults)).at(field);
}

/// Takes what has several values out of `texts`.
void take_axes(RequestTexts& texts, Grammar& grammar) {
  CompareOptions& compare = grammar.line().compare;
  for (const OptionSpec& spec : generate_options().specs()) {
    const auto text = std::find_if(texts.begin(), texts.end(), [&](const auto& one) { return one.first == spec.name; });
    if (text == texts.end() || !takes_many(spec) || text->second.find(',') == std::string::npos) continue;
    std::vector<Json> values;
    Faults faults;
    for (const std::string& piece : pieces_of(text->second))
      values.push_back(value_of(spec.name, piece, faults));
    for (const Fault& fault : faults.list()) grammar.faults().add(fault.place, fault.sentence);
    if (faults.empty()) add_axis(spec.name, option_of(spec.name), values, compare, grammar.faults());
    texts.erase(text);
  }
  // Steps make the columns of the sheet, before all else.
  for (const char* last : {"scheduler", "steps"})
    std::stable_partition(compare.axes.begin(), compare.axes.end(),
                          [&](const CompareAxis& axis) { return axis.field != last; });
}

void take_backends(const std::string& text, Grammar& grammar) {
  if (text.empty()) return;
  const std::vector<std::string> names = pieces_of(text);
  grammar.line().backend = names.front();
  if (names.size() > 1)
    add_axis(kBackendAxis, "--backend", {names.begin(), names.end()}, grammar.line().compare, grammar.faults());
}

void read_reference(const std::string& text, Grammar& grammar) {
  CompareOptions& compare = grammar.line().compare;
  if (text.empty()) return;
  if (text == "none") {
    compare.reference = CompareOptions::Reference::none;
    return;
  }
  compare.reference = CompareOptions::Reference::steps;
  Faults faults;
  const Json steps = value_of("steps", text, faults);
  if (faults.empty()) compare.reference_steps = steps.get<int64_t>();
  for (const Fault& fault : faults.list()) grammar.faults().add("--reference", fault.sentence + ", or none");
}

void check_count(Grammar& grammar) {
  const CompareOptions& compare = grammar.line().compare;
  int64_t count = 1;
  std::string product;
  for (const CompareAxis& axis : compare.axes) {
    count *= static_cast<int64_t>(axis.values.size());
    product += (product.empty() ? "" : " x ") + std::to_string(axis.values.size());
    count = std::min(count, int64_t{1} << 30);
  }
  if (count > kMostCompared)
    grammar.faults().add("", product + " pictures are more than one sheet has room for: " +
                                 std::to_string(kMostCompared) + " at most");
  else if (count == 1 && compare.reference != CompareOptions::Reference::steps && grammar.faults().empty())
    grammar.faults().add("", "there is nothing to compare: list several schedulers, steps, backends or the like, with "
                             "commas between them, such as --steps 4,8,20");
}

void finish(Grammar& grammar, const Texts& given) {
  CommandLine& line = grammar.line();
  Faults& faults = grammar.faults();
  RequestTexts texts = given.words.texts(faults);
  take_backends(given.backend, grammar);
  take_axes(texts, grammar);
  given.words.read(texts, grammar);
  read_reference(given.reference, grammar);
  if (!has(texts, "prompt")) faults.add("--prompt", "is missing: alice compare \"a cat in a hat\" --steps 4,8,20");
  check_count(grammar);
  if (line.out == kStandardOutput) return faults.add("--out", "must be a file: the table goes to standard output");
  if (!line.out.empty()) check_picture_file(grammar);
}

}  // namespace

void add_compare_command(Grammar& grammar) {
  const auto texts = std::make_shared<Texts>();
  CLI::App& app =
      grammar.add_leaf(grammar.app(), "compare", "draw one prompt with several settings, side by side on one sheet",
                       Command::compare, kFooter, [&grammar, texts] { finish(grammar, *texts); });
  texts->words.declare(grammar, app, is_left_out, takes_many);
  grammar.add_text(app, "--backend", texts->backend, "NAME,...",
                   "the backends that compute, whatever the configuration says");
  grammar.add_text(app, "--reference", texts->reference, "STEPS",
                   "what PSNR is measured against: so many steps of the first scheduler on the first backend (200); "
                   "none leaves it out");
  grammar.add_text(app, "-o,--out", grammar.line().out, "FILE",
                   "the PNG file of the sheet (named after prompt and seed when not said)");
  grammar.add_json(app);
  app.add_flag("-q,--quiet", grammar.line().quiet, "no progress, no name of the file");
}

}  // namespace alice
