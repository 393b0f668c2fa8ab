#include "server/worker/bench/other_programs.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "server/worker/bench/measured_backend.h"

namespace alice::bench {
namespace {

/// proc(5): "cpu  user nice system idle iowait irq softirq steal guest ...", guest being a part of user.
std::optional<double> busy_seconds() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, steal = 0;
  stat >> name >> user >> nice >> system >> idle >> waiting >> irq >> softirq >> steal;
  if (!stat) return std::nullopt;
  return (user + nice + system + irq + softirq + steal) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

OtherPrograms::OtherPrograms() : busy_(busy_seconds()), clock_(clock_seconds()) {}

std::optional<double> OtherPrograms::share(double own_seconds) const {
  const std::optional<double> busy = busy_seconds();
  const double all = (clock_seconds() - clock_) * static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  if (!busy || !busy_ || all <= 0) return std::nullopt;
  return std::clamp((*busy - *busy_ - own_seconds) / all, 0.0, 1.0);
}

}  // namespace alice::bench
