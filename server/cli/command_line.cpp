#include "server/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/nearest.h"
#include "core/base/request_fields.h"
#include "server/cli/commands/commands.h"
#include "server/cli/completion.h"
#include "server/cli/grammar.h"
#include "server/cli/request_options.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "ALICE makes pictures with Stable Diffusion models.";

constexpr const char* kExamples =
    "Examples:\n"
    "  alice serve\n"
    "  alice generate \"a cat in a hat\"\n"
    "  alice models\n"
    "  alice check model ~/models/my-model.safetensors\n"
    "  alice config explain sd/my-model\n\n";

/// "--cfg-scale" for what other tools call a field, as the option that we have for it; other words as they are.
std::string in_our_words(const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const FieldAlias& alias : generate_aliases())
    if (name == option_of(alias.name)) return option_of(alias.field) + word.substr(name.size());
  return word;
}

/// As CLI11's parse() wants them. "--name=" becomes two words: CLI11 would take the word after it as the value.
std::vector<std::string> words_backwards(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = in_our_words(argv[i]);
    const bool is_empty_value = word.size() > 3 && word.compare(0, 2, "--") == 0 && word.find('=') == word.size() - 1;
    words.push_back(is_empty_value ? word.substr(0, word.size() - 1) : word);
    if (is_empty_value) words.emplace_back();
  }
  std::reverse(words.begin(), words.end());
  return words;
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

/// Words that other programs of the kind have for what ours are called, or have not: what to type instead.
const std::vector<std::pair<std::string, std::string>> kHabits = {
    {"run", "alice generate"},
    {"draw", "alice generate"},
    {"txt2img", "alice generate"},
    {"grid", "alice compare"},
    {"plot", "alice compare"},
    {"list", "alice models"},
    {"ls", "alice models"},
    {"start", "alice serve"},
    {"ps", "curl http://127.0.0.1:8080/v1/jobs, while a server runs"},
    {"pull", "copy the model's folder or file into the models folder; alice models says where that is"},
    {"rm", "remove the model's folder or file from the models folder; alice models says where that is"},
    {"install", "copy the model's folder or file into the models folder; alice models says where that is"}};

std::string instead_of(const std::string& word, const std::vector<std::string>& commands) {
  for (const auto& [habit, ours] : kHabits)
    if (word == habit) return "; here it is: " + ours;
  return did_you_mean(word, commands);
}

/// Declares the commands, and reads one command line.
class Parser {
 public:
  Parser() {
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // judge_repeated() objects
    app_.set_version_flag("--version", std::string("alice ") + ALICE_VERSION, "print the version");
    app_.allow_extras();  // inherited; unknown words are judged here, with "did you mean"
    app_.footer(std::string(kExamples) + kExitCodes);
    grammar_.add_places(app_);
    for (const auto add :
         {add_serve_commands, add_generate_command, add_compare_command, add_listing_commands, add_config_commands,
          add_check_commands, add_make_model_command, add_keys_commands, add_users_commands, add_storage_commands,
          add_bench_commands, add_plugin_commands})
      add(grammar_);
    add_questions();
  }

  /// "alice help generate" is "alice generate --help".
  static std::vector<std::string> without_help_word(std::vector<std::string> words) {
    if (!words.empty() && words.back() == "help") {
      words.pop_back();
      words.insert(words.begin(), "--help");
    }
    return words;
  }

  ParsedCommandLine parse(int argc, const char* const* argv) {
    try {
      app_.parse(without_help_word(words_backwards(argc, argv)));
      if (version_->parsed()) return {Answer{std::string("alice ") + ALICE_VERSION + "\n", kExitOk}, {}};
      if (completion_->parsed() && app_.remaining(true).empty())
        return {Answer{completion_script(app_, shell_), kExitOk}, {}};
    } catch (const CLI::CallForHelp&) {
      return {Answer{app_.help(), kExitOk}, {}};
    } catch (const CLI::CallForVersion& version) {
      return {Answer{std::string(version.what()) + "\n", kExitOk}, {}};
    } catch (const CLI::ParseError& e) {
      grammar_.faults().add("", e.what());
      return {refusal(), {}};
    }
    const auto apps = given();
    for (const CLI::App* app : apps) {
      judge_unknown(*app, app == apps.back());
      judge_repeated(*app);
    }
    const auto leaf = std::find_if(grammar_.leaves().begin(), grammar_.leaves().end(),
                                   [&](const Grammar::Leaf& one) { return one.app == apps.back(); });
    if (leaf != grammar_.leaves().end())
      finish(*leaf);
    else if (grammar_.faults().empty())
      return {Answer{app_.help(), kExitUsage}, {}};  // no command, or half of one
    if (!grammar_.faults().empty()) return {refusal(), {}};
    return {std::nullopt, std::move(grammar_.line())};
  }

 private:
  /// What is answered at once.
  void add_questions() {
    version_ = app_.add_subcommand("version", "print the version");
    completion_ = app_.add_subcommand("completion", "print a script with which a shell completes these commands");
    completion_->add_option("SHELL", shell_, joined_words(shells()))->required()->check(CLI::IsMember(shells()));
    completion_->footer("Examples:\n  alice completion bash > ~/.local/share/bash-completion/completions/alice\n\n");
  }

  /// The app itself and the commands that were given, outermost first.
  std::vector<const CLI::App*> given() const {
    std::vector<const CLI::App*> apps = {&app_};
    for (auto inner = app_.get_subcommands(); !inner.empty(); inner = inner.front()->get_subcommands())
      apps.push_back(inner.front());
    return apps;
  }

  void finish(const Grammar::Leaf& leaf) {
    grammar_.line().command = leaf.command;
    if (leaf.finish) leaf.finish();
  }

  /// Words that CLI11 could not place. After an unknown option, or an unknown command, the rest may be its own and is
  /// let be.
  void judge_unknown(const CLI::App& app, bool is_last) {
    const std::vector<std::string> words = app.remaining(), commands = commands_of(app);
    const auto stray = std::find_if_not(words.begin(), words.end(), is_option);
    if (is_last && !commands.empty() && stray != words.end())
      return grammar_.faults().add(*stray, "there is no such command" + instead_of(*stray, commands));
    const auto unknown = std::find_if(words.begin(), words.end(), is_option);
    for (auto word = unknown; word != words.end(); ++word)
      if (is_option(*word))
        grammar_.faults().add(*word, "there is no such option" +
                                         did_you_mean(word->substr(0, word->find('=')), options_of(app)));
    if (unknown == words.end() && stray != words.end())
      grammar_.faults().add(*stray, "is a word too many; text with blanks needs quotes around it");
  }

  void judge_repeated(const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
      if (option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeLast && option->count() > 1)
        grammar_.faults().add(option->get_name(), "is given " + std::to_string(option->count()) + " times");
  }

  static std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
  }

  static std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({}))
      if (!command->get_group().empty()) names.push_back(command->get_name());
    return names;
  }

  Answer refusal() {
    std::string command;
    for (const CLI::App* app : given()) command += (command.empty() ? "" : " ") + app->get_name();
    std::string text = command + ":";
    for (const Fault& fault : grammar_.faults().list())
      text += (grammar_.faults().list().size() == 1 ? " " : "\n  ") + (fault.place.empty() ? "" : fault.place + ": ") +
              fault.sentence;
    return {text + "\nSee " + command + " --help.\n", kExitUsage};
  }

  CLI::App app_{kDescription, "alice"};
  Grammar grammar_{app_};
  CLI::App *version_ = nullptr, *completion_ = nullptr;  // app_ owns them
  std::string shell_;
};

}  // namespace

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request: return kExitUsage;
    case ErrorCode::bad_config: return kExitConfig;
    case ErrorCode::cancelled: return kExitInterrupted;
    default: return kExitFailed;
  }
}

ParsedCommandLine parse_command_line(int argc, const char* const* argv) { return Parser().parse(argc, argv); }

int give_answer(const Answer& answer) {
  std::fputs(answer.text.c_str(), answer.exit_code == kExitOk ? stdout : stderr);
  return answer.exit_code;
}

}  // namespace alice
