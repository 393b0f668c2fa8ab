#include <iostream>

#include "server/worker/commands.h"
#include "server/worker/make_model/make_model.h"

namespace alice {

int run_make_model(Composer& composer, const CommandLine& line) {
  ModelRecipe recipe;
  recipe.settings = line.target;
  recipe.out = line.out;
  recipe.dtype = line.dtype == "float16" ? at::kHalf : at::kFloat;
  recipe.seed = static_cast<uint64_t>(line.seed);
  for (const std::string& part : make_model(composer, recipe)) std::cout << part << "\n";
  std::cout << line.out << ": random weights; its pictures show nothing\n";
  return kExitOk;
}

}  // namespace alice
