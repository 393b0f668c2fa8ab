#include "server/serve/systemd_unit.h"

#include <iostream>
#include <string>

#include "server/cli/command_line.h"
#include "server/program_folder.h"
#include "systemd_unit_text.h"

namespace alice {

int write_systemd_unit() {
  static constexpr const char* kProgram = "@ALICE_PROGRAM@";
  std::string text = kSystemdUnitText;
  const std::string program = program_folder() / "alice";
  text.replace(text.find(kProgram), std::string(kProgram).size(), program);
  std::cout << text << std::flush;
  return std::cout.good() ? kExitOk : kExitFailed;
}

}  // namespace alice
