#include <limits>
#include <memory>

#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kFooter =
    "FOLDER is laid out as a diffusers model: unet/config.json, vae/config.json, text_encoder/config.json, tokenizer/, "
    "scheduler/.\n\n";

void finish(Grammar& grammar, const std::string& seed) {
  CommandLine& line = grammar.line();
  if (line.target.empty()) grammar.faults().add("--config", "is missing");
  if (line.dtype != "float32" && line.dtype != "float16")
    grammar.faults().add("--dtype", "must be float32 or float16, got '" + line.dtype + "'");
  if (!seed.empty()) line.seed = grammar.integer("--seed", seed, 0, std::numeric_limits<int64_t>::max());
}

}  // namespace

void add_make_model_command(Grammar& grammar) {
  CommandLine& line = grammar.line();
  const auto seed = std::make_shared<std::string>();
  CLI::App& app = grammar.add_leaf(grammar.app(), "make-model", "write a model with random weights",
                                   Command::make_model, kFooter, [&grammar, seed] { finish(grammar, *seed); });
  grammar.add_target(app, "OUT", line.out, "the model's folder; must not exist yet").required();
  grammar.add_text(app, "--config", line.target, "FOLDER", "the folder of config.json files");
  grammar.add_text(app, "--dtype", line.dtype, "TYPE", "float32 or float16 (float32)");
  grammar.add_text(app, "--seed", *seed, "INT", "the same seed gives the same weights (0)");
}

}  // namespace alice
