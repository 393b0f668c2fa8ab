#include <algorithm>
#include <memory>

#include "server/cli/commands/commands.h"

namespace alice {
namespace {

constexpr const char* kFooter =
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

struct Texts {
  std::string size, rounds;
};

void finish(Grammar& grammar, const Texts& texts) {
  CommandLine& line = grammar.line();
  BenchOptions& bench = line.bench;
  Faults& faults = grammar.faults();
  if (!texts.size.empty()) bench.size = grammar.integer("--size", texts.size, 8, 8192);
  if (!texts.rounds.empty()) bench.rounds = grammar.integer("--rounds", texts.rounds, 1, 1000);
  if (!bench.json_file.empty() && bench.json_file != "-") grammar.check_file("--json", bench.json_file);
  if (!bench.against.empty() && bench.backends.size() > 1)
    faults.add("--against", "compares two; --backend is given " + std::to_string(bench.backends.size()) + " times");
  for (auto name = bench.backends.begin(); name != bench.backends.end(); ++name)
    if (std::find(bench.backends.begin(), name, *name) != name) faults.add("--backend", "names '" + *name + "' twice");
  if (!bench.backends.empty()) line.backend = bench.backends.front();
}

}  // namespace

void add_bench_commands(Grammar& grammar) {
  CommandLine& line = grammar.line();
  const auto texts = std::make_shared<Texts>();
  const auto read_texts = [&grammar, texts] { finish(grammar, *texts); };
  CLI::App& app = grammar.add_leaf(grammar.app(), "bench",
                                   "measure how fast a model runs here, and how much of it is possible",
                                   Command::bench, kFooter, read_texts);
  grammar.add_places(app);
  grammar.add_text(app, "--model", line.target, "ID",
                   "the model's id, folder or file (the model of a request that names none)");
  grammar.add_repeated(app, "--backend", line.bench.backends, "NAME",
                       "the backend that computes, whatever the configuration says; may be repeated");
  grammar.add_text(app, "--against", line.bench.against, "NAME|FILE",
                   "compare with another backend, or with another configuration's usual one");
  grammar.add_text(app, "--size", texts->size, "PIXELS", "the picture's side (the model's native one)");
  grammar.add_text(app, "--rounds", texts->rounds, "INT", "how often everything is measured (3)");
  grammar.add_text(app, "--json", line.bench.json_file, "FILE",
                   "write the figures as JSON too; -: only that, to standard output");

  CLI::App& subject = grammar.add_hidden_leaf(grammar.app(), "bench-subject", Command::bench_subject, read_texts);
  grammar.add_places(subject);
  grammar.add_text(subject, "--model", line.target, "ID", "");
  grammar.add_text(subject, "--size", texts->size, "PIXELS", "");
  grammar.add_backend(subject);
}

}  // namespace alice
