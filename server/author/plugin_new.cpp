#include "server/author/plugin_new.h"

#include <cstdlib>
#include <iostream>

#include "server/author/plugin_project.h"
#include "server/author/sdk_place.h"
#include "server/program_folder.h"

namespace alice {

int run_plugin_new(const CommandLine& line) {
  const auto program = program_folder();
  const auto folder =
      write_plugin_project({line.target, line.kind, line.into}, program / "templates").lexically_normal();
  const char* const path = std::getenv("PATH");
  const auto package = sdk_package(program);
  std::cout << "Wrote " << folder.string() << ". Next:\n\n  cd " << folder.string() << "\n  "
            << configure_command(package, path != nullptr ? path : "") << " && cmake --build build\n"
            << "  ctest --test-dir build\n\nor all of it, and pictures: alice plugin try. README.md there says how to "
            << "use it and where to go on.\n";
  if (package.empty())
    std::cerr << "warning: no SDK lies beside this program (" << program.string()
              << "), so cmake will not find the package ALICE. In ALICE's sources, `make install PREFIX=/opt/alice` "
              << "puts one there; then say -DCMAKE_PREFIX_PATH=/opt/alice to cmake, or use /opt/alice/bin/alice.\n";
  return kExitOk;
}

}  // namespace alice
