#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>

#include "core/base/nearest.h"
#include "core/base/plugin_kinds.h"
#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kNewFooter =
    "NAME: lower-case letters, digits and single _ or -, a letter first.\n\n"
    "Example:\n"
    "  alice plugin new my_sampler --kind scheduler && cd my_sampler && cat README.md\n\n";

constexpr const char* kCheckFooter =
    "Each check runs in a process of its own that may crash, hang or end: it then counts as failed, and the rest go "
    "on.\n\n"
    "Examples:\n"
    "  alice plugin check build/my_sampler.so\n"
    "  alice plugin check build/my_sampler.so --only scheduler/converges --order my_sampler=2\n"
    "  alice plugin check build/my_unet.so --config tests/small_unet\n"
    "  alice plugin check --list\n\n";

constexpr const char* kTryFooter =
    "FOLDER (here) holds a CMakeLists.txt; it is built in FOLDER/build. A scheduler or a backend then draws one\n"
    "prompt beside what the model has anyway, on one sheet in FOLDER/build, with times and likeness. Other kinds draw\n"
    "only with files that are for them: the project's README.md says how.\n\n"
    "Examples:\n"
    "  alice plugin try\n"
    "  alice plugin try ~/my_sampler --model sd/my-model --prompt \"a lighthouse\"\n\n";

/// plugin check's options as they were typed.
struct CheckTexts {
  std::string timeout, memory, seed;
  std::vector<std::string> orders;
};

void finish_new(Grammar& grammar) {
  const CommandLine& line = grammar.line();
  const std::vector<std::string> kinds = plugin_kind_names();
  if (line.kind.empty())
    grammar.faults().add("--kind", "is missing: " + joined_words(kinds));
  else if (std::find(kinds.begin(), kinds.end(), line.kind) == kinds.end())
    grammar.faults().add("--kind", "there is no kind '" + line.kind + "'" + did_you_mean(line.kind, kinds));
  if (line.into.empty()) grammar.faults().add("--into", "must name a folder");
}

/// "ID=N"
void read_order(Grammar& grammar, const std::string& text) {
  const size_t equals = text.rfind('=');
  double order = 0;
  if (equals != std::string::npos && equals > 0) {
    const char* const end = text.data() + text.size();
    const auto [read, status] = std::from_chars(text.data() + equals + 1, end, order);
    if (status == std::errc() && read == end && order > 0 && order <= 10) {
      grammar.line().check.orders[text.substr(0, equals)] = order;
      return;
    }
  }
  grammar.faults().add(
      "--order", "must be the scheduler's id, = and a number up to 10, such as my_sampler=2, got '" + text + "'");
}

void finish_check(Grammar& grammar, const CheckTexts& texts) {
  PluginCheckOptions& check = grammar.line().check;
  if (grammar.line().target.empty() && !check.list) grammar.faults().add("FILE", "is missing: the plugin's library");
  if (!texts.timeout.empty()) check.timeout_seconds = grammar.integer("--timeout", texts.timeout, 1, 86400);
  if (!texts.memory.empty()) check.memory_mib = grammar.integer("--memory", texts.memory, 64, int64_t{1} << 24);
  if (!texts.seed.empty())
    check.seed = grammar.integer("--reproduce", texts.seed, 0, std::numeric_limits<int64_t>::max());
  for (const std::string& text : texts.orders) read_order(grammar, text);
}

void add_new(Grammar& grammar, CLI::App& plugin) {
  CommandLine& line = grammar.line();
  CLI::App& app = grammar.add_leaf(plugin, "new", "write a plugin project that builds and does something real",
                                   Command::plugin_new, kNewFooter, [&grammar] { finish_new(grammar); });
  grammar.add_target(app, "NAME", line.target, "the plugin's name, and its folder's").required();
  grammar.add_text(app, "--kind", line.kind, "KIND", joined_words(plugin_kind_names()));
  grammar.add_text(app, "--into", line.into, "FOLDER", "where the project's folder is made (here)");
}

void add_check(Grammar& grammar, CLI::App& plugin) {
  PluginCheckOptions& check = grammar.line().check;
  const auto texts = std::make_shared<CheckTexts>();
  const auto read_texts = [&grammar, texts] { finish_check(grammar, *texts); };
  CLI::App& app =
      grammar.add_leaf(plugin, "check", "try a plugin library: does it keep every promise of its contract?",
                       Command::plugin_check, kCheckFooter, read_texts);
  grammar.add_target(app, "FILE", grammar.line().target, "the plugin's library");
  app.add_flag("--list", check.list, "say what each check demands, and run none");
  grammar.add_text(app, "--only", check.only, "NAME",
                   "one check (scheduler/plan-falls), or a group of them (scheduler)");
  grammar.add_text(app, "--timeout", texts->timeout, "SECONDS", "what each check may take (60)");
  grammar.add_text(app, "--memory", texts->memory, "MIB", "what the plugin's process may take (4096)");
  grammar.add_text(app, "--reproduce", texts->seed, "SEED", "draw the numbers that a report's seed names");
  grammar.add_text(app, "--config", check.config_folder, "FOLDER",
                   "a model plugin's settings: with config.json, or unet/config.json ...");
  grammar.add_text(app, "--lora-names", check.lora_names, "FILE", "how a LoRA format names its tensors, as JSON");
  grammar.add_repeated(app, "--order", texts->orders, "ID=N",
                       "the order of convergence that a scheduler must show; may be repeated");
  grammar.add_json(app);
  grammar.add_text(app, "--junit", check.junit, "FILE", "write JUnit's XML too");

  CLI::App& run = grammar.add_hidden_leaf(plugin, "run-checks", Command::plugin_run_checks, read_texts);
  run.add_option("FILE", grammar.line().target, "")->required();
  grammar.add_text(run, "--memory", texts->memory, "MIB", "");
}

void add_picture(Grammar& grammar, CLI::App& app) {
  CommandLine& line = grammar.line();
  grammar.add_places(app);
  grammar.add_text(app, "--model", line.request.model, "ID",
                   "the model that draws (the model of a request that names none)");
  grammar.add_text(app, "--prompt", line.request.prompt, "TEXT", "what the pictures show (a cat)");
}

void add_try(Grammar& grammar, CLI::App& plugin) {
  CommandLine& line = grammar.line();
  CLI::App& app = grammar.add_leaf(plugin, "try", "build a plugin's project, check it, and draw with it",
                                   Command::plugin_try, kTryFooter);
  grammar.add_target(app, "FOLDER", line.target, "the project");
  add_picture(grammar, app);

  CLI::App& draw = grammar.add_hidden_leaf(plugin, "draw", Command::plugin_draw);
  draw.add_option("FILE", line.target, "")->required();
  add_picture(grammar, draw);
  grammar.add_text(draw, "-o,--out", line.out, "FILE", "");
}

}  // namespace

void add_plugin_commands(Grammar& grammar) {
  CLI::App& plugin = grammar.add_group("plugin", "for authors of plugins");
  add_new(grammar, plugin);
  add_check(grammar, plugin);
  add_try(grammar, plugin);
}

}  // namespace alice
