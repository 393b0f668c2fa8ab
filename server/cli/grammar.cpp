#include "server/cli/grammar.h"

#include <charconv>
#include <filesystem>
#include <utility>

namespace alice {

namespace fs = std::filesystem;

CLI::App& Grammar::add_group(const std::string& name, const std::string& help) {
  CLI::App& app = *app_.add_subcommand(name, help);
  app.footer(kExitCodes);
  return app;
}

CLI::App& Grammar::add_leaf(CLI::App& parent, const std::string& name, const std::string& help, Command command,
                            const std::string& footer, Finish finish) {
  CLI::App& app = *parent.add_subcommand(name, help);
  app.footer(footer + kExitCodes);
  leaves_.push_back({&app, command, std::move(finish)});
  return app;
}

CLI::App& Grammar::add_hidden_leaf(CLI::App& parent, const std::string& name, Command command, Finish finish) {
  CLI::App& app = add_leaf(parent, name, "", command, "", std::move(finish));
  app.group("");
  return app;
}

CLI::Option& Grammar::add_target(CLI::App& app, const std::string& name, std::string& text, const std::string& help) {
  return *app.add_option(name, text, help)->option_text(" ");
}

void Grammar::add_text(CLI::App& app, const std::string& name, std::string& text, const std::string& value,
                       const std::string& help) {
  app.add_option(name, text, help)->type_name(value);
}

void Grammar::add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& texts,
                           const std::string& value, const std::string& help) {
  app.add_option(name, texts, help)->expected(1)->take_all()->type_name(value);
}

void Grammar::add_places(CLI::App& app) {
  add_text(app, "--config", line_.config_file, "FILE", "the configuration, in place of the user's and the system's");
  add_text(app, "--models", line_.models_directory, "DIR", "the folder of models");
}

void Grammar::add_backend(CLI::App& app) {
  add_text(app, "--backend", line_.backend, "NAME", "the backend that computes, whatever the configuration says");
}

void Grammar::add_json(CLI::App& app) { app.add_flag("--json", line_.json, "write JSON"); }

int64_t Grammar::integer(const std::string& option, const std::string& text, int64_t minimum, int64_t maximum) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc() && end == text.data() + text.size() && value >= minimum && value <= maximum) return value;
  faults_.add(option, "must be an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum) +
                          ", got '" + text + "'");
  return 0;
}

bool Grammar::check_file(const std::string& option, const std::string& name) {
  const fs::path file(name);
  std::error_code status;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!file.has_filename() || fs::is_directory(file, status))
    faults_.add(option, "must name a file, got the folder '" + name + "'");
  else if (!fs::is_directory(folder, status))
    faults_.add(option, "there is no folder '" + folder.string() + "'");
  else
    return true;
  return false;
}

std::string joined_words(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
  return text;
}

}  // namespace alice
