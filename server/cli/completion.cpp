#include "server/cli/completion.h"

namespace alice {
namespace {

/// What may follow a command: "alice check" is followed by "config", "model", ..., "--help".
struct Step {
  std::string path;
  std::vector<std::string> commands, options;
};

bool is_hidden(const std::string& group) { return group.empty(); }

void collect(const CLI::App& app, const std::string& path, std::vector<Step>& steps) {
  Step step{path, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (is_hidden(option->get_group())) continue;
    for (const std::string& name : option->get_lnames()) step.options.push_back("--" + name);
    for (const std::string& name : option->get_snames()) step.options.push_back("-" + name);
  }
  const std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : commands)
    if (!is_hidden(command->get_group())) step.commands.push_back(command->get_name());
  steps.push_back(step);
  for (const CLI::App* command : commands)
    if (!is_hidden(command->get_group())) collect(*command, path + " " + command->get_name(), steps);
}

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string words_of(const Step& step) {
  std::vector<std::string> words = step.commands;
  words.insert(words.end(), step.options.begin(), step.options.end());
  return joined(words);
}

/// The pattern of a shell's `case` for every path but the first: "alice check"|"alice check model"|...
std::string deeper_paths(const std::vector<Step>& steps) {
  std::vector<std::string> paths;
  for (size_t i = 1; i < steps.size(); ++i) paths.push_back("\"" + steps[i].path + "\"");
  return joined(paths, "|");
}

std::string bash(const std::vector<Step>& steps) {
  std::string script =
      "# alice completion bash\n"
      "_alice() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} path=alice words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in " +
      deeper_paths(steps) +
      ") path=\"$path ${COMP_WORDS[i]}\" ;; esac\n"
      "  done\n"
      "  case $path in\n";
  for (const Step& step : steps) script += "    \"" + step.path + "\") words=\"" + words_of(step) + "\" ;;\n";
  return script +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _alice alice\n";
}

std::string zsh(const std::vector<Step>& steps) {
  std::string script =
      "#compdef alice\n"
      "local at=alice word\n"
      "for word in ${words[2,CURRENT-1]}; do\n"
      "  case \"$at $word\" in " +
      deeper_paths(steps) +
      ") at=\"$at $word\" ;; esac\n"
      "done\n"
      "case $at in\n";
  for (const Step& step : steps) script += "  \"" + step.path + "\") compadd -- " + words_of(step) + " ;;\n";
  return script + "esac\n_files\n";
}

std::string fish(const std::vector<Step>& steps) {
  std::string script =
      "function __alice_at\n"
      "  set -l at alice\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$at $word\"\n"
      "      case";
  for (size_t i = 1; i < steps.size(); ++i) script += " \"" + steps[i].path + "\"";
  script +=
      "\n"
      "        set at \"$at $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv\"\n"
      "end\n";
  for (const Step& step : steps)
    script += "complete -c alice -n \"__alice_at " + step.path + "\" -a \"" + words_of(step) + "\"\n";
  return script;
}

}  // namespace

const std::vector<std::string>& shells() {
  static const std::vector<std::string> names = {"bash", "zsh", "fish"};
  return names;
}

std::string completion_script(const CLI::App& app, const std::string& shell) {
  std::vector<Step> steps;
  collect(app, app.get_name(), steps);
  if (shell == "bash") return bash(steps);
  return shell == "zsh" ? zsh(steps) : fish(steps);
}

}  // namespace alice
