#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <sstream>

#include "server/cli/commands/commands.h"
#include "server/cli/request_options.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter =
    "The pictures are PNG files. Several are numbered before the extension: cat-0.png, cat-1.png, ...\n\n"
    "Examples:\n"
    "  alice generate --model sd/my-model --prompt \"a cat in a hat\" --steps 20 --seed 7 --out cat.png\n"
    "  alice generate --model ./my-model.safetensors --prompt \"a cat\" --lora hats:0.8 --n 4 --out cat.png\n"
    "  alice generate --prompt \"a cat\" --scheduler NAME --scheduler-option use_karras_sigmas=true --out cat.png\n"
    "  alice generate --from cat.png --steps 40 --out finer-cat.png\n\n";

const std::vector<std::string> kOtherPictureFormats = {".jpg", ".jpeg", ".webp", ".gif",
                                                       ".bmp", ".tif",  ".tiff", ".avif"};

/// The options as they were typed.
struct Texts {
  std::vector<std::pair<std::string, CLI::Option*>> fields;  // by the field that each one fills
  std::vector<std::string> scheduler_options, loras;
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
  const std::string& out = grammar.line().out;
  if (out.empty())
    grammar.faults().add("--out", "is missing");
  else if (grammar.check_file("--out", out) && is_other_picture_format(out))
    grammar.faults().add("--out", "pictures are written as PNG; '" + out + "' must end in .png");
}

void finish(Grammar& grammar, const Texts& given) {
  RequestTexts texts;
  for (const auto& [name, option] : given.fields)
    if (option->count() > 0) texts.emplace_back(name, option->results().front());
  GenerateRequest& request = grammar.line().request;
  Faults& faults = grammar.faults();
  request = read_request(texts, faults);
  for (const std::string& text : given.loras) request.loras.push_back(read_lora_option(text, faults));
  for (const std::string& text : given.scheduler_options)
    read_scheduler_option(text, request.scheduler_options, faults);
  const bool has_prompt =
      std::any_of(texts.begin(), texts.end(), [](const auto& text) { return text.first == "prompt"; });
  CommandLine& line = grammar.line();
  for (const auto& [name, text] : texts) line.given.push_back(name);
  if (!has_prompt && line.from.empty()) faults.add("--prompt", "is missing");
  check_out(grammar);
}

}  // namespace

void add_generate_command(Grammar& grammar) {
  const auto texts = std::make_shared<Texts>();
  CLI::App& app = grammar.add_leaf(grammar.app(), "generate", "make pictures from a prompt", Command::generate, kFooter,
                                   [&grammar, texts] { finish(grammar, *texts); });
  grammar.add_places(app);
  for (const OptionSpec& spec : generate_options().specs()) {
    CLI::Option* option = app.add_option(spellings_of(spec.name), CLI::callback_t(), help_of(spec));
    texts->fields.emplace_back(spec.name, option->type_name(type_name(spec.type)));
  }
  grammar.add_repeated(app, "--scheduler-option", texts->scheduler_options, "KEY=VALUE",
                       "an option of the scheduler; may be repeated");
  grammar.add_repeated(app, "--lora", texts->loras, "NAME[:STRENGTH]",
                       "a LoRA, and how much of it (1 when not said); may be repeated");
  grammar.add_text(app, "--from", grammar.line().from, "FILE",
                   "a picture that ALICE or A1111 made: draw it again, but for what other options say");
  grammar.add_backend(app);
  grammar.add_text(app, "--out", grammar.line().out, "FILE", "the PNG file to write");
}

}  // namespace alice
