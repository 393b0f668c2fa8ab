#include <memory>

#include "server/cli/commands/commands.h"
#include "server/cli/commands/request_words.h"
#include "server/cli/picture_names.h"

namespace alice {
namespace {

constexpr const char* kFooter =
    "The pictures are PNG, JPEG or WebP files. Several are numbered before the extension: cat-0.png, cat-1.png, ...\n"
    "`alice plugins` lists the schedulers, `alice models` models and LoRAs. What other tools call an option\n"
    "(--cfg-scale, --sampler) is taken too.\n\n"
    "Examples:\n"
    "  alice generate \"a cat in a hat\"\n"
    "  alice generate \"a cat\" --model ./my-model.safetensors --lora hats:0.8 --n 4 --out cat.png\n"
    "  alice generate \"a cat\" --scheduler NAME --scheduler-option use_karras_sigmas=true --size 512x768\n"
    "  alice generate \"a cat\" --quiet --out - | display\n"
    "  alice generate \"a tiger\" --image cat.png --mask face.png --strength 0.7\n"
    "  alice generate --from cat.png --steps 40 --out finer-cat.png\n\n";

void finish(Grammar& grammar, const RequestWords& words) {
  const CommandLine& line = grammar.line();
  Faults& faults = grammar.faults();
  const RequestTexts texts = words.texts(faults);
  words.read(texts, grammar);
  if (!has(texts, "prompt") && line.from.empty())
    faults.add("--prompt", "is missing: alice generate \"a cat in a hat\"");
  if (line.out == kStandardOutput && line.request.n > 1)
    faults.add("--out", "standard output takes one picture, not several");
  if (!line.out.empty() && line.out != kStandardOutput) take_picture_file(grammar);
}

}  // namespace

void add_generate_command(Grammar& grammar) {
  const auto words = std::make_shared<RequestWords>();
  CLI::App& app = grammar.add_leaf(grammar.app(), "generate", "make pictures from a prompt", Command::generate, kFooter,
                                   [&grammar, words] { finish(grammar, *words); });
  words->declare(grammar, app);
  grammar.add_text(app, "--from", grammar.line().from, "FILE",
                   "a picture that ALICE or A1111 made: draw it again, but for what other options say");
  grammar.add_text(app, "--image", grammar.line().image, "FILE", "a picture to begin with: PNG, JPEG or WebP");
  grammar.add_text(app, "--mask", grammar.line().mask, "FILE",
                   "a picture that says which parts of it are made anew: white ones, or transparent ones");
  grammar.add_backend(app);
  grammar.add_text(app, "-o,--out", grammar.line().out, "FILE",
                   "the PNG, JPEG or WebP file to write, - for standard output (named after prompt and seed when not said)");
  app.add_flag("-q,--quiet", grammar.line().quiet, "no progress, no names of files");
}

}  // namespace alice
