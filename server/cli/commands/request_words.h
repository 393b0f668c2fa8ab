#pragma once
// The options that say what a picture is to be, as they were typed: for commands that draw.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/options.h"
#include "server/cli/grammar.h"
#include "server/cli/request_options.h"

namespace alice {

/// The texts of one command line; its app fills them, so it must live as long.
class RequestWords {
 public:
  using Which = std::function<bool(const OptionSpec& field)>;  // null: none

  RequestWords() = default;
  RequestWords(const RequestWords&) = delete;
  RequestWords& operator=(const RequestWords&) = delete;

  /// Declares PROMPT, --config, --models, an option for each field of generate_options() but those `left_out`, --size,
  /// --scheduler-option and --lora. `many`: the fields that take several values, with commas between them. Call once.
  void declare(Grammar& grammar, CLI::App& app, const Which& left_out = nullptr, const Which& many = nullptr);

  /// The fields that were given, in the order of generate_options(); --size is "width" and "height". Adds faults.
  RequestTexts texts(Faults& faults) const;
  /// Fills grammar.line()'s request and what of it was given. `texts`: of texts(), or fewer.
  void read(const RequestTexts& texts, Grammar& grammar) const;

 private:
  std::vector<std::pair<std::string, CLI::Option*>> fields_;  // by the field that each one fills
  std::vector<std::string> scheduler_options_, loras_;
  std::string prompt_, size_;  // the word behind the command; --size
};

bool has(const RequestTexts& texts, const std::string& field);

/// --out as the name of the files to write, whose format follows from it unless --output-format says it. Adds a fault
/// where none can be written.
void take_picture_file(Grammar& grammar);
/// --out as the name of one PNG file: ".png" is added where it has no extension. Adds a fault where none can be
/// written.
void check_picture_file(Grammar& grammar);

}  // namespace alice
