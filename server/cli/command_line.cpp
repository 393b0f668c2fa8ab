#include "server/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "core/base/nearest.h"
#include "server/cli/request_options.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "ALICE makes pictures with Stable Diffusion models.";

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    the work failed, or a check did\n"
    "  2    the command line, or a value in it, is wrong\n"
    "  3    the configuration is wrong\n"
    "  130  interrupted\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  alice serve\n"
    "  alice generate --model sd/my-model --prompt \"a cat in a hat\" --seed 7 --out cat.png\n"
    "  alice models\n"
    "  alice check model ~/models/my-model.safetensors\n"
    "  alice config explain sd/my-model\n\n";

constexpr const char* kGenerateExamples =
    "The pictures are PNG files. Several are numbered before the extension: cat-0.png, cat-1.png, ...\n\n"
    "Examples:\n"
    "  alice generate --model sd/my-model --prompt \"a cat in a hat\" --steps 20 --seed 7 --out cat.png\n"
    "  alice generate --model ./my-model.safetensors --prompt \"a cat\" --lora hats:0.8 --n 4 --out cat.png\n"
    "  alice generate --prompt \"a cat\" --scheduler NAME --scheduler-option use_karras_sigmas=true --out cat.png\n\n";

constexpr const char* kServeFooter =
    "Ctrl-C or SIGTERM: running jobs may finish, waiting ones are taken up at the next start; a second one stops at "
    "once.\n\n";

constexpr const char* kMakeModelFooter =
    "FOLDER is laid out as a diffusers model: unet/config.json, vae/config.json, text_encoder/config.json, tokenizer/, "
    "scheduler/.\n\n";

constexpr const char* kBenchFooter =
    "Measures the text encoder, a step of the network with guidance and the decoding of a picture, layer kind by layer "
    "kind, and keeps the best of the rounds. A stage's floor is its operations divided by the peak of the processor, "
    "which is measured between the rounds: multiply-adds in registers, on all threads. Rounds in which that peak is "
    "low "
    "are repeated. It asks for a machine that does nothing else.\n\n"
    "Several backends are measured in turn, each in a process of its own, whose peak memory is told. Their precisions "
    "must differ, and one that this machine cannot compute in is left out and named; --against compares two of any "
    "precision.\n\n"
    "Examples:\n"
    "  alice bench\n"
    "  alice bench --model sd/my-model --backend exact --backend quick --size 512 --json figures.json\n"
    "  alice bench --model sd/my-model --backend quick --against exact\n"
    "  alice bench --model sd/my-model --against other-config.yaml --json -\n\n";

constexpr const char* kPluginNewFooter =
    "NAME: lower-case letters, digits and single _ or -, a letter first.\n\n"
    "Example:\n"
    "  alice plugin new my_sampler --kind scheduler && cd my_sampler && cat README.md\n\n";

constexpr const char* kPluginCheckFooter =
    "Each check runs in a process of its own that may crash, hang or end: it then counts as failed, and the rest go "
    "on.\n\n"
    "Examples:\n"
    "  alice plugin check build/my_sampler.so\n"
    "  alice plugin check build/my_sampler.so --only scheduler/converges --order my_sampler=2\n"
    "  alice plugin check build/my_unet.so --config tests/small_unet\n"
    "  alice plugin check --list\n\n";

const std::vector<std::string> kOtherPictureFormats = {".jpg", ".jpeg", ".webp", ".gif",
                                                       ".bmp", ".tif",  ".tiff", ".avif"};

/// A command that can be carried out.
struct Leaf {
  CLI::App* app = nullptr;
  Command command = Command::generate;
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

/// "a, b or c"
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
  return text;
}

bool is_other_picture_format(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kOtherPictureFormats.begin(), kOtherPictureFormats.end(), extension) != kOtherPictureFormats.end();
}

/// As CLI11's parse() wants them. "--name=" becomes two words: CLI11 would take the word after it as the value.
std::vector<std::string> words_backwards(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool is_empty_value = word.size() > 3 && word.compare(0, 2, "--") == 0 && word.find('=') == word.size() - 1;
    words.push_back(is_empty_value ? word.substr(0, word.size() - 1) : word);
    if (is_empty_value) words.emplace_back();
  }
  std::reverse(words.begin(), words.end());
  return words;
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

/// Declares the commands, and reads one command line. Values are taken as text, so that one answer can tell every
/// fault.
class Parser {
 public:
  Parser() {
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // judge_repeated() objects
    app_.set_version_flag("--version", std::string("alice ") + ALICE_VERSION, "print the version");
    app_.allow_extras();  // inherited; unknown words are judged here, with "did you mean"
    app_.footer(std::string(kExamples) + kExitCodes);
    add_places(app_);
    add_serve();
    add_generate();
    add_listing("models", "list the models that are there", Command::models);
    add_listing("plugins", "list the plugins that are loaded, and what each offers", Command::plugins);
    add_config();
    add_check();
    add_make_model();
    add_bench();
    add_plugin();
    add_work();
  }

  ParsedCommandLine parse(int argc, const char* const* argv) {
    try {
      app_.parse(words_backwards(argc, argv));
    } catch (const CLI::CallForHelp&) {
      return {Answer{app_.help(), kExitOk}, {}};
    } catch (const CLI::CallForVersion& version) {
      return {Answer{std::string(version.what()) + "\n", kExitOk}, {}};
    } catch (const CLI::ParseError& e) {
      faults_.add("", e.what());
      return {refusal(), {}};
    }
    const auto apps = given();
    for (const CLI::App* app : apps) {
      judge_unknown(*app, app == apps.back());
      judge_repeated(*app);
    }
    const auto leaf =
        std::find_if(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) { return leaf.app == apps.back(); });
    if (leaf != leaves_.end())
      finish(*leaf);
    else if (faults_.empty())
      return {Answer{app_.help(), kExitUsage}, {}};  // no command, or half of one
    if (!faults_.empty()) return {refusal(), {}};
    return {std::nullopt, std::move(line_)};
  }

 private:
  void add_text(CLI::App& app, const std::string& name, std::string& text, const std::string& value,
                const std::string& help) {
    app.add_option(name, text, help)->type_name(value);
  }

  void add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& texts, const std::string& value,
                    const std::string& help) {
    app.add_option(name, texts, help)->expected(1)->take_all()->type_name(value);
  }

  void add_places(CLI::App& app) {
    add_text(app, "--config", line_.config_file, "FILE", "the configuration, in place of the user's and the system's");
    add_text(app, "--models", line_.models_directory, "DIR", "the folder of models");
  }

  void add_backend(CLI::App& app) {
    add_text(app, "--backend", line_.backend, "NAME", "the backend that computes, whatever the configuration says");
  }

  CLI::App& add_leaf(CLI::App& parent, const std::string& name, const std::string& help, Command command,
                     const std::string& target = "", const std::string& target_help = "") {
    CLI::App& app = *parent.add_subcommand(name, help);
    app.footer(kExitCodes);
    if (!target.empty()) app.add_option(target, line_.target, target_help)->required()->option_text(" ");
    add_places(app);
    leaves_.push_back({&app, command});
    return app;
  }

  void add_listing(const std::string& name, const std::string& help, Command command) {
    add_leaf(app_, name, help, command).add_flag("--json", line_.json, "write JSON");
  }

  void add_config() {
    CLI::App& config = *app_.add_subcommand("config", "show what the configuration comes to");
    config.footer(kExitCodes);
    add_leaf(config, "explain", "how a model is composed, and where each value comes from", Command::config_explain,
             "ID", "the model's id")
        .add_flag("--json", line_.json, "write JSON");
  }

  void add_check() {
    CLI::App& check = *app_.add_subcommand("check", "find what is wrong before anything expensive runs");
    check.footer(kExitCodes);
    add_leaf(check, "config", "read the configuration and report every fault", Command::check_config);
    add_leaf(check, "model", "read a model's headers: is it complete, and what is it?", Command::check_model, "PATH",
             "a model's folder or file, or its id");
    CLI::App& load = add_leaf(check, "load", "load a model", Command::check_load, "ID", "the model's id");
    CLI::App& infer = add_leaf(check, "infer", "run a few steps: finite numbers, no flat picture", Command::check_infer,
                               "ID", "the model's id");
    CLI::App& compat = add_leaf(check, "compat", "compare with reference outputs, part by part", Command::check_compat,
                                "GOLDEN", "a folder of reference outputs");
    for (CLI::App* app : {&load, &infer, &compat}) add_backend(*app);
    for (CLI::App* app : check.get_subcommands({})) app->add_flag("--json", line_.json, "write JSON");
    add_text(compat, "--out", line_.out, "DIR", "write our own tensors there, under the golden's names");
  }

  void add_serve() {
    CLI::App& app = add_leaf(app_, "serve", "answer requests over HTTP", Command::serve);
    app.footer(std::string(kServeFooter) + kExitCodes);
    add_text(app, "--host", line_.host, "ADDRESS", "the address to listen on (127.0.0.1; 0.0.0.0 for every network)");
    add_text(app, "--port", line_.port, "PORT", "the port to listen on (8080; 0 for any free one)");
    add_text(app, "--data", line_.data_directory, "DIR", "where jobs and pictures are kept");
    app.add_flag("--watch-plugins", line_.watch_plugins, "take up plugin libraries as they change, for their authors");
  }

  void add_work() {
    CLI::App& app = add_leaf(app_, "work", "", Command::work);
    app.group("");  // no line in the help
    add_text(app, "--group", line_.group, "NAME", "the worker group, a key of workers");
  }

  void add_make_model() {
    CLI::App& app = *app_.add_subcommand("make-model", "write a model with random weights");
    leaves_.push_back({&app, Command::make_model});
    app.footer(std::string(kMakeModelFooter) + kExitCodes);
    app.add_option("OUT", line_.out, "the model's folder; must not exist yet")->required()->option_text(" ");
    add_text(app, "--config", line_.target, "FOLDER", "the folder of config.json files");
    add_text(app, "--dtype", line_.dtype, "TYPE", "float32 or float16 (float32)");
    add_text(app, "--seed", seed_, "INT", "the same seed gives the same weights (0)");
  }

  void add_bench() {
    CLI::App& app =
        add_leaf(app_, "bench", "measure how fast a model runs here, and how much of it is possible", Command::bench);
    app.footer(std::string(kBenchFooter) + kExitCodes);
    add_text(app, "--model", line_.target, "ID",
             "the model's id, folder or file (the model of a request that names none)");
    add_repeated(app, "--backend", line_.bench.backends, "NAME",
                 "the backend that computes, whatever the configuration says; may be repeated");
    add_text(app, "--against", line_.bench.against, "NAME|FILE",
             "compare with another backend, or with another configuration's usual one");
    add_text(app, "--size", size_, "PIXELS", "the picture's side (the model's native one)");
    add_text(app, "--rounds", rounds_, "INT", "how often everything is measured (3)");
    add_text(app, "--json", line_.bench.json_file, "FILE",
             "write the figures as JSON too; -: only that, to standard output");

    CLI::App& subject = add_leaf(app_, "bench-subject", "", Command::bench_subject);
    subject.group("");  // no line in the help
    add_text(subject, "--model", line_.target, "ID", "");
    add_text(subject, "--size", size_, "PIXELS", "");
    add_backend(subject);
  }

  void add_plugin() {
    CLI::App& plugin = *app_.add_subcommand("plugin", "for authors of plugins");
    plugin.footer(kExitCodes);
    CLI::App& start = *plugin.add_subcommand("new", "write a plugin project that builds and does something real");
    leaves_.push_back({&start, Command::plugin_new});
    start.footer(std::string(kPluginNewFooter) + kExitCodes);
    start.add_option("NAME", line_.target, "the plugin's name, and its folder's")->required()->option_text(" ");
    add_text(start, "--kind", line_.kind, "KIND", joined(plugin_kinds()));
    add_text(start, "--into", line_.into, "FOLDER", "where the project's folder is made (here)");
    add_plugin_check(plugin);
    CLI::App& run = *plugin.add_subcommand("run-checks", "");
    run.group("");  // no line in the help
    leaves_.push_back({&run, Command::plugin_run_checks});
    run.add_option("FILE", line_.target, "")->required();
    add_text(run, "--memory", memory_, "MIB", "");
  }

  void add_plugin_check(CLI::App& plugin) {
    CLI::App& app =
        *plugin.add_subcommand("check", "try a plugin library: does it keep every promise of its contract?");
    leaves_.push_back({&app, Command::plugin_check});
    app.footer(std::string(kPluginCheckFooter) + kExitCodes);
    app.add_option("FILE", line_.target, "the plugin's library")->option_text(" ");
    PluginCheckOptions& check = line_.check;
    app.add_flag("--list", check.list, "say what each check demands, and run none");
    add_text(app, "--only", check.only, "NAME", "one check (scheduler/plan-falls), or a group of them (scheduler)");
    add_text(app, "--timeout", timeout_, "SECONDS", "what each check may take (60)");
    add_text(app, "--memory", memory_, "MIB", "what the plugin's process may take (4096)");
    add_text(app, "--reproduce", seed_, "SEED", "draw the numbers that a report's seed names");
    add_text(app, "--config", check.config_folder, "FOLDER",
             "a model plugin's settings: with config.json, or unet/config.json ...");
    add_text(app, "--lora-names", check.lora_names, "FILE", "how a LoRA format names its tensors, as JSON");
    add_repeated(app, "--order", orders_, "ID=N",
                 "the order of convergence that a scheduler must show; may be repeated");
    app.add_flag("--json", line_.json, "write JSON");
    add_text(app, "--junit", check.junit, "FILE", "write JUnit's XML too");
  }

  void add_generate() {
    CLI::App& app = add_leaf(app_, "generate", "make pictures from a prompt", Command::generate);
    app.footer(std::string(kGenerateExamples) + kExitCodes);
    for (const OptionSpec& spec : generate_options().specs()) {
      CLI::Option* option = app.add_option(spellings_of(spec.name), CLI::callback_t(), help_of(spec));
      request_options_.emplace_back(spec.name, option->type_name(type_name(spec.type)));
    }
    add_repeated(app, "--scheduler-option", scheduler_options_, "KEY=VALUE",
                 "an option of the scheduler; may be repeated");
    add_repeated(app, "--lora", loras_, "NAME[:STRENGTH]",
                 "a LoRA, and how much of it (1 when not said); may be repeated");
    add_backend(app);
    add_text(app, "--out", line_.out, "FILE", "the PNG file to write");
  }

  /// The app itself and the commands that were given, outermost first.
  std::vector<const CLI::App*> given() const {
    std::vector<const CLI::App*> apps = {&app_};
    for (auto inner = app_.get_subcommands(); !inner.empty(); inner = inner.front()->get_subcommands())
      apps.push_back(inner.front());
    return apps;
  }

  void finish(const Leaf& leaf) {
    line_.command = leaf.command;
    if (leaf.command == Command::generate) finish_generate();
    if (leaf.command == Command::make_model) finish_make_model();
    if (leaf.command == Command::bench || leaf.command == Command::bench_subject) finish_bench();
    if (leaf.command == Command::plugin_new) finish_plugin_new();
    if (leaf.command == Command::plugin_check || leaf.command == Command::plugin_run_checks) finish_plugin_check();
  }

  void finish_plugin_new() {
    const auto& kinds = plugin_kinds();
    if (line_.kind.empty())
      faults_.add("--kind", "is missing: " + joined(kinds));
    else if (std::find(kinds.begin(), kinds.end(), line_.kind) == kinds.end())
      faults_.add("--kind", "there is no kind '" + line_.kind + "'" + did_you_mean(line_.kind, kinds));
    if (line_.into.empty()) faults_.add("--into", "must name a folder");
  }

  void finish_plugin_check() {
    PluginCheckOptions& check = line_.check;
    if (line_.target.empty() && !check.list) faults_.add("FILE", "is missing: the plugin's library");
    if (!timeout_.empty()) check.timeout_seconds = integer("--timeout", timeout_, 1, 86400);
    if (!memory_.empty()) check.memory_mib = integer("--memory", memory_, 64, int64_t{1} << 24);
    if (!seed_.empty()) check.seed = integer("--reproduce", seed_, 0, std::numeric_limits<int64_t>::max());
    for (const std::string& text : orders_) read_order(text);
  }

  /// 0 for a fault.
  int64_t integer(const std::string& option, const std::string& text, int64_t minimum, int64_t maximum) {
    int64_t value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status == std::errc() && end == text.data() + text.size() && value >= minimum && value <= maximum) return value;
    faults_.add(option, "must be an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum) +
                            ", got '" + text + "'");
    return 0;
  }

  /// "ID=N"
  void read_order(const std::string& text) {
    const size_t equals = text.rfind('=');
    double order = 0;
    if (equals != std::string::npos && equals > 0) {
      const char* const end = text.data() + text.size();
      const auto [read, status] = std::from_chars(text.data() + equals + 1, end, order);
      if (status == std::errc() && read == end && order > 0 && order <= 10) {
        line_.check.orders[text.substr(0, equals)] = order;
        return;
      }
    }
    faults_.add("--order",
                "must be the scheduler's id, = and a number up to 10, such as my_sampler=2, got '" + text + "'");
  }

  void finish_make_model() {
    if (line_.target.empty()) faults_.add("--config", "is missing");
    if (line_.dtype != "float32" && line_.dtype != "float16")
      faults_.add("--dtype", "must be float32 or float16, got '" + line_.dtype + "'");
    if (!seed_.empty()) line_.seed = read_request({{"seed", seed_}}, faults_).seed.value_or(0);
  }

  void finish_bench() {
    BenchOptions& bench = line_.bench;
    if (!size_.empty()) bench.size = integer("--size", size_, 8, 8192);
    if (!rounds_.empty()) bench.rounds = integer("--rounds", rounds_, 1, 1000);
    if (!bench.json_file.empty() && bench.json_file != "-") check_file("--json", bench.json_file);
    if (!bench.against.empty() && bench.backends.size() > 1)
      faults_.add("--against", "compares two; --backend is given " + std::to_string(bench.backends.size()) + " times");
    for (auto name = bench.backends.begin(); name != bench.backends.end(); ++name)
      if (std::find(bench.backends.begin(), name, *name) != name)
        faults_.add("--backend", "names '" + *name + "' twice");
    if (!bench.backends.empty()) line_.backend = bench.backends.front();
  }

  void finish_generate() {
    RequestTexts texts;
    for (const auto& [name, option] : request_options_)
      if (option->count() > 0) texts.emplace_back(name, option->results().front());
    line_.request = read_request(texts, faults_);
    for (const std::string& text : loras_) line_.request.loras.push_back(read_lora_option(text, faults_));
    for (const std::string& text : scheduler_options_)
      read_scheduler_option(text, line_.request.scheduler_options, faults_);
    const bool has_prompt =
        std::any_of(texts.begin(), texts.end(), [](const auto& text) { return text.first == "prompt"; });
    if (!has_prompt) faults_.add("--prompt", "is missing");
    check_out();
  }

  void check_out() {
    if (line_.out.empty())
      faults_.add("--out", "is missing");
    else if (check_file("--out", line_.out) && is_other_picture_format(line_.out))
      faults_.add("--out", "pictures are written as PNG; '" + line_.out + "' must end in .png");
  }

  /// Can a file be written there? Asked before an hour of computing, not after it.
  bool check_file(const std::string& option, const fs::path& file) {
    std::error_code status;
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (!file.has_filename() || fs::is_directory(file, status))
      faults_.add(option, "must name a file, got the folder '" + file.string() + "'");
    else if (!fs::is_directory(folder, status))
      faults_.add(option, "there is no folder '" + folder.string() + "'");
    else
      return true;
    return false;
  }

  /// Words that CLI11 could not place. After an unknown option, or an unknown command, the rest may be its own and is
  /// let be.
  void judge_unknown(const CLI::App& app, bool is_last) {
    const std::vector<std::string> words = app.remaining(), commands = commands_of(app);
    const auto stray = std::find_if_not(words.begin(), words.end(), is_option);
    if (is_last && !commands.empty() && stray != words.end())
      return faults_.add(*stray, "there is no such command" + did_you_mean(*stray, commands));
    const auto unknown = std::find_if(words.begin(), words.end(), is_option);
    for (auto word = unknown; word != words.end(); ++word)
      if (is_option(*word))
        faults_.add(*word, "there is no such option" + did_you_mean(word->substr(0, word->find('=')), options_of(app)));
    if (unknown == words.end() && stray != words.end())
      faults_.add(*stray, "is a word too many; text with blanks needs quotes around it");
  }

  void judge_repeated(const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
      if (option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeLast && option->count() > 1)
        faults_.add(option->get_name(), "is given " + std::to_string(option->count()) + " times");
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

  Answer refusal() const {
    std::string command;
    for (const CLI::App* app : given()) command += (command.empty() ? "" : " ") + app->get_name();
    std::string text = command + ":";
    for (const Fault& fault : faults_.list())
      text += (faults_.list().size() == 1 ? " " : "\n  ") + (fault.place.empty() ? "" : fault.place + ": ") +
              fault.sentence;
    return {text + "\nSee " + command + " --help.\n", kExitUsage};
  }

  CLI::App app_{kDescription, "alice"};
  CommandLine line_;
  Faults faults_;
  std::vector<Leaf> leaves_;
  std::vector<std::pair<std::string, CLI::Option*>> request_options_;  // by the field that each one fills
  std::vector<std::string> scheduler_options_, loras_;
  std::string seed_;              // make-model's, plugin check's
  std::string timeout_, memory_;  // plugin check's
  std::string size_, rounds_;     // bench's
  std::vector<std::string> orders_;
};

}  // namespace

const std::vector<std::string>& plugin_kinds() {
  static const std::vector<std::string> kinds = {"scheduler", "text_encoder", "unet", "vae", "lora_format", "backend"};
  return kinds;
}

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

std::string picture_file(const std::string& out, int64_t index, int64_t n) {
  if (n == 1) return out;
  const fs::path path(out);
  return (path.parent_path() / (path.stem().string() + "-" + std::to_string(index) + path.extension().string()))
      .string();
}

}  // namespace alice
