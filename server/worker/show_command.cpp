#include <iostream>

#include "core/base/one_line.h"
#include "server/worker/commands.h"
#include "server/worker/picture_writer.h"

namespace alice {

int run_show(const CommandLine& line) {
  const Recipe recipe = read_picture_recipe(line.target);
  std::cout << (line.json ? on_lines(dump_json(write_recipe(recipe), 2)) + "\n" : recipe_text(recipe));
  return kExitOk;
}

}  // namespace alice
