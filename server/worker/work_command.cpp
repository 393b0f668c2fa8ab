#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <fstream>

#include "server/link/frame.h"
#include "server/worker/commands.h"
#include "server/worker/session/front_log.h"
#include "server/worker/session/session.h"

namespace alice {
namespace {

constexpr int kOomScore = 800;  // of 1000

}  // namespace

FrontLink& begin_work(const LoggingConfig& logging) {
  // Ctrl-C in a terminal and a service's stop reach the whole group of processes: what becomes of the worker then is
  // the front's to say. A write to a front that is gone, or beyond a limit of size, is an error, not a signal.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
  ::umask(0077);  // pictures and prompts are people's own
  // For the day when the end of the socket is not heard: some other process may have inherited the front's end.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // When memory runs out, the kernel is to end what holds the most and can be replaced: not the front (proc(5)).
  std::ofstream("/proc/self/oom_score_adj") << kOomScore;
  static FrontLink front(kLinkDescriptor);
  start_front_log(front, logging);
  return front;
}

void run_work(FrontLink& front, Composer& composer) { Session(front, composer).run(); }

}  // namespace alice
