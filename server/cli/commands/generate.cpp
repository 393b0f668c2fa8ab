#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <sstream>

#include "server/cli/commands/commands.h"
#include "core/base/request_fields.h"
#include "server/cli/picture_names.h"
#include "server/cli/request_options.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter =
    "The pictures are PNG files. Several are numbered before the extension: cat-0.png, cat-1.png, ... `alice plugins` lists\n"
    "the schedulers, `alice models` models and LoRAs. What other tools call an option (--cfg-scale, --sampler) is taken too.\n\n"
    "Examples:\n"
    "  alice generate \"a cat in a hat\"\n"
    "  alice generate \"a cat\" --model ./my-model.safetensors --lora hats:0.8 --n 4 --out cat.png\n"
    "  alice generate \"a cat\" --scheduler NAME --scheduler-option use_karras_sigmas=true --size 512x768\n"
    "  alice generate \"a cat\" --quiet --out - | display\n"
    "  alice generate --from cat.png --steps 40 --out finer-cat.png\n\n";

const std::vector<std::string> kOtherPictureFormats = {".jpg", ".jpeg", ".webp", ".gif",
                                                       ".bmp", ".tif",  ".tiff", ".avif"};

/// The options as they were typed.
struct Texts {
  std::vector<std::pair<std::string, CLI::Option*>> fields;  // by the field that each one fills
  std::vector<std::string> scheduler_options, loras;
  std::string prompt, size;  // the word behind the command; --size
};

std::string type_name(OptionType type) {
  if (type == OptionType::integer) return "INT";
  return type == OptionType::number ? "NUMBER" : "TEXT";
}

std::string help_of(const OptionSpec& spec) {
  std::ostringstream help;
  help.precision(17);
  help << spec.help << (spec.unit.empty() ? "" : ", in " + spec.unit);
  if (spec.type == OptionType::integer || spec.type == OptionType::number)
    help << " (" << spec.range.minimum << " to " << spec.range.maximum << ")";
  return help.str();
}

bool is_other_picture_format(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kOtherPictureFormats.begin(), kOtherPictureFormats.end(), extension) != kOtherPictureFormats.end();
}

void check_out(Grammar& grammar) {
  std::string& out = grammar.line().out;
  if (out.empty() || out == kStandardOutput) return;
  std::error_code status;  // what cannot be looked at is told when it is written to
  const bool is_name = fs::path(out).has_filename() && !fs::is_directory(out, status);
  if (is_name && !fs::path(out).has_extension()) out += ".png";
  if (grammar.check_file("--out", out) && is_other_picture_format(out))
    grammar.faults().add("--out", "pictures are written as PNG; '" + out + "' must end in .png");
}

bool has(const RequestTexts& texts, const std::string& field) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text.first == field; });
}

/// A prompt without its option, and both sides of a picture in one.
void add_short_forms(const Texts& given, RequestTexts& texts, Faults& faults) {
  if (!given.prompt.empty() && !has(texts, "prompt"))
    texts.emplace_back("prompt", given.prompt);
  else if (!given.prompt.empty() && faults.empty())  // else it may belong to an unknown option
    faults.add(given.prompt, "is a word too many; text with blanks needs quotes around it");
  if (given.size.empty()) return;
  const size_t cross = given.size.find('x');
  if (cross == std::string::npos || has(texts, "width") || has(texts, "height"))
    return faults.add("--size", "must be like 512x768, in place of --width and --height; got '" + given.size + "'");
  texts.emplace_back("width", given.size.substr(0, cross));
  texts.emplace_back("height", given.size.substr(cross + 1));
}

void finish(Grammar& grammar, const Texts& given) {
  RequestTexts texts;
  for (const auto& [name, option] : given.fields)
    if (option->count() > 0) texts.emplace_back(name, option->results().front());
  add_short_forms(given, texts, grammar.faults());
  GenerateRequest& request = grammar.line().request;
  Faults& faults = grammar.faults();
  request = read_request(texts, faults);
  for (const std::string& text : given.loras) request.loras.push_back(read_lora_option(text, faults));
  for (const std::string& text : given.scheduler_options)
    read_scheduler_option(text, request.scheduler_options, faults);
  CommandLine& line = grammar.line();
  for (const auto& [name, text] : texts) line.given.push_back(name);
  if (!has(texts, "prompt") && line.from.empty())
    faults.add("--prompt", "is missing: alice generate \"a cat in a hat\"");
  if (line.out == kStandardOutput && request.n > 1) faults.add("--out", "standard output takes one picture, not several");
  check_out(grammar);
}

}  // namespace

void add_generate_command(Grammar& grammar) {
  const auto texts = std::make_shared<Texts>();
  CLI::App& app = grammar.add_leaf(grammar.app(), "generate", "make pictures from a prompt", Command::generate, kFooter,
                                   [&grammar, texts] { finish(grammar, *texts); });
  grammar.add_target(app, "PROMPT", texts->prompt, "what the picture shows, in quotes");
  grammar.add_places(app);
  for (const OptionSpec& spec : generate_options().specs()) {
    CLI::Option* option = app.add_option(spellings_of(spec.name), CLI::callback_t(), help_of(spec));
    texts->fields.emplace_back(spec.name, option->type_name(type_name(spec.type)));
  }
  grammar.add_text(app, "--size", texts->size, "WIDTHxHEIGHT", "both sides in pixels");
  grammar.add_repeated(app, "--scheduler-option", texts->scheduler_options, "KEY=VALUE",
                       "an option of the scheduler; may be repeated");
  grammar.add_repeated(app, "--lora", texts->loras, "NAME[:STRENGTH]",
                       "a LoRA, and how much of it (1 when not said); may be repeated");
  grammar.add_text(app, "--from", grammar.line().from, "FILE",
                   "a picture that ALICE or A1111 made: draw it again, but for what other options say");
  grammar.add_backend(app);
  grammar.add_text(app, "-o,--out", grammar.line().out, "FILE",
                   "the PNG file to write, - for standard output (named after prompt and seed when not said)");
  app.add_flag("-q,--quiet", grammar.line().quiet, "no progress, no names of files");
}

}  // namespace alice
