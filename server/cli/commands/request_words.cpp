#include "server/cli/commands/request_words.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "core/base/request_fields.h"
#include "server/cli/picture_names.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kOtherPictureFormats = {".jpg", ".jpeg", ".webp", ".gif",
                                                       ".bmp", ".tif",  ".tiff", ".avif"};

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
  if (spec.type == OptionType::choice) help << " (" << spec.expected() << ")";
  return help.str();
}

/// A flag and its opposite.
std::string flag_of(const std::string& field) {
  const std::string option = option_of(field);
  return option + ",!--no-" + option.substr(2);
}

bool is_other_picture_format(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kOtherPictureFormats.begin(), kOtherPictureFormats.end(), extension) != kOtherPictureFormats.end();
}

/// A prompt without its option.
void add_prompt(const std::string& prompt, RequestTexts& texts, Faults& faults) {
  if (prompt.empty()) return;
  if (!has(texts, "prompt"))
    texts.emplace_back("prompt", prompt);
  else if (faults.empty())  // else it may belong to an unknown option
    faults.add(prompt, "is a word too many; text with blanks needs quotes around it");
}

/// Both sides of a picture in one.
void add_size(const std::string& size, RequestTexts& texts, Faults& faults) {
  if (size.empty()) return;
  const size_t cross = size.find('x');
  if (cross == std::string::npos || has(texts, "width") || has(texts, "height"))
    return faults.add("--size", "must be like 512x768, in place of --width and --height; got '" + size + "'");
  texts.emplace_back("width", size.substr(0, cross));
  texts.emplace_back("height", size.substr(cross + 1));
}

}  // namespace

void RequestWords::declare(Grammar& grammar, CLI::App& app, const Which& left_out, const Which& many) {
  grammar.add_target(app, "PROMPT", prompt_, "what the picture shows, in quotes");
  grammar.add_places(app);
  for (const OptionSpec& spec : generate_options().specs()) {
    if (left_out && left_out(spec)) continue;
    if (spec.type == OptionType::boolean) {
      fields_.emplace_back(spec.name, app.add_flag(flag_of(spec.name), spec.help));
      continue;
    }
    CLI::Option* option = app.add_option(spellings_of(spec.name), CLI::callback_t(), help_of(spec));
    fields_.emplace_back(spec.name, option->type_name(type_name(spec.type) + (many && many(spec) ? ",..." : "")));
  }
  grammar.add_text(app, "--size", size_, "WIDTHxHEIGHT", "both sides in pixels");
  grammar.add_repeated(app, "--scheduler-option", scheduler_options_, "KEY=VALUE",
                       "an option of the scheduler; may be repeated");
  grammar.add_repeated(app, "--lora", loras_, "NAME[:STRENGTH]",
                       "a LoRA, and how much of it (1 when not said); may be repeated");
}

RequestTexts RequestWords::texts(Faults& faults) const {
  RequestTexts texts;
  for (const auto& [name, option] : fields_)
    if (option->count() > 0) texts.emplace_back(name, option->results().front());
  add_prompt(prompt_, texts, faults);
  add_size(size_, texts, faults);
  return texts;
}

void RequestWords::read(const RequestTexts& texts, Grammar& grammar) const {
  CommandLine& line = grammar.line();
  Faults& faults = grammar.faults();
  line.request = read_request(texts, faults);
  for (const std::string& text : loras_) line.request.loras.push_back(read_lora_option(text, faults));
  for (const std::string& text : scheduler_options_)
    read_scheduler_option(text, line.request.scheduler_options, faults);
  for (const auto& text : texts) line.given.push_back(text.first);
}

bool has(const RequestTexts& texts, const std::string& field) {
  return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text.first == field; });
}

void take_picture_file(Grammar& grammar) {
  CommandLine& line = grammar.line();
  std::optional<PictureFormat>& format = line.request.output_format;
  std::error_code status;  // what cannot be looked at is told when it is written to
  const bool is_name = fs::path(line.out).has_filename() && !fs::is_directory(line.out, status);
  if (is_name && !fs::path(line.out).has_extension()) line.out += extension_of(format.value_or(PictureFormat::png));
  if (!grammar.check_file("--out", line.out)) return;
  const auto named = picture_format_named(line.out);
  if (!named && is_other_picture_format(line.out))
    grammar.faults().add("--out", "pictures are written as PNG, JPEG or WebP; '" + line.out +
                                      "' must end in .png, .jpg or .webp");
  if (named && format && *named != *format)
    grammar.faults().add("--out", "'" + line.out + "' is to be a " + to_string(*named) +
                                      " file, --output-format says " + to_string(*format));
  if (!named || format) return;
  if (*named != PictureFormat::png) format = named;  // absent is PNG
  line.given.push_back("output_format");
}

void check_picture_file(Grammar& grammar) {
  std::string& out = grammar.line().out;
  std::error_code status;  // what cannot be looked at is told when it is written to
  const bool is_name = fs::path(out).has_filename() && !fs::is_directory(out, status);
  if (is_name && !fs::path(out).has_extension()) out += ".png";
  if (grammar.check_file("--out", out) && is_other_picture_format(out))
    grammar.faults().add("--out", "the sheet is written as PNG; '" + out + "' must end in .png");
}

}  // namespace alice
