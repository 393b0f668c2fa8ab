#pragma once
// What the commands are declared with: options that fill a CommandLine, and what is to be done with their texts once a
// command was chosen. Values are taken as text, so that one answer can tell every fault.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "server/cli/command_line.h"

namespace alice {

/// Below every help.
inline constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    the work failed, or a check did\n"
    "  2    the command line, or a value in it, is wrong\n"
    "  3    the configuration is wrong\n"
    "  130  interrupted\n";

/// The commands of one program run, and the line that they fill. Belongs to one thread; what it hands out lives as
/// long as it does.
class Grammar {
 public:
  /// Reads the texts of a command that was given; adds its faults.
  using Finish = std::function<void()>;
  /// A command that can be carried out.
  struct Leaf {
    CLI::App* app = nullptr;
    Command command = Command::generate;
    Finish finish;  // may be null
  };

  explicit Grammar(CLI::App& app) : app_(app) {}
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  CLI::App& app() { return app_; }
  CommandLine& line() { return line_; }
  Faults& faults() { return faults_; }
  const std::vector<Leaf>& leaves() const { return leaves_; }

  /// A word that has commands behind it.
  CLI::App& add_group(const std::string& name, const std::string& help);
  /// A command of `parent`. `footer`: examples and explanations.
  CLI::App& add_leaf(CLI::App& parent, const std::string& name, const std::string& help, Command command,
                     const std::string& footer = "", Finish finish = nullptr);
  /// One that our own programs start: no line in the help.
  CLI::App& add_hidden_leaf(CLI::App& parent, const std::string& name, Command command, Finish finish = nullptr);

  /// The word behind a command, which fills `text`.
  CLI::Option& add_target(CLI::App& app, const std::string& name, std::string& text, const std::string& help);
  void add_text(CLI::App& app, const std::string& name, std::string& text, const std::string& value,
                const std::string& help);
  /// An option that may be given again.
  void add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& texts, const std::string& value,
                    const std::string& help);
  /// --config and --models.
  void add_places(CLI::App& app);
  void add_backend(CLI::App& app);
  void add_json(CLI::App& app);

  /// `text` as an integer; 0 for a fault.
  int64_t integer(const std::string& option, const std::string& text, int64_t minimum, int64_t maximum);
  /// Can a file be written there? Asked before an hour of computing, not after it. Adds a fault when not.
  bool check_file(const std::string& option, const std::string& file);

 private:
  CLI::App& app_;
  CommandLine line_;
  Faults faults_;
  std::vector<Leaf> leaves_;
};

/// "a, b or c"
std::string joined_words(const std::vector<std::string>& words);

}  // namespace alice
