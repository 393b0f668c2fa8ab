#include "server/author/plugin_new.h"

#include <iostream>

#include "server/author/plugin_project.h"
#include "server/program_folder.h"

namespace alice {

int run_plugin_new(const CommandLine& line) {
  const auto folder =
      write_plugin_project({line.target, line.kind, line.into}, program_folder() / "templates").lexically_normal();
  std::cout << "Wrote " << folder.string() << ". Next:\n\n  cd " << folder.string()
            << "\n  cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build\n  ctest --test-dir build\n\n"
            << "README.md there says how to use it and where to go on.\n";
  return kExitOk;
}

}  // namespace alice
