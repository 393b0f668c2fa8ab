// `alice-worker`: carries out a command of `alice` that loads plugins and computes.

#include <cstdio>
#include <exception>
#include <new>

#include "core/base/heap.h"
#include "core/base/one_line.h"
#include "server/worker/run_command.h"

int main(int argc, char** argv) {
  alice::keep_freed_memory();
  try {
    const alice::ParsedCommandLine parsed = alice::parse_command_line(argc, argv);
    return parsed.answer.has_value() ? alice::give_answer(*parsed.answer) : alice::run_command(parsed.line);
  } catch (const alice::Error& e) {
    std::fprintf(stderr, "alice: %s\n", e.what());
    return alice::exit_code_of(e.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "alice: out of memory\n");
    return alice::kExitFailed;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "alice: internal fault: %s\n", alice::on_indented_lines(e.what()).c_str());
    return alice::kExitFailed;
  }
}
