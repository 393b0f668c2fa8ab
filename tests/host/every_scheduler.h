#pragma once
// The schedulers that tests draw with.

#include <cstdlib>
#include <string>
#include <vector>

#include "core/api/scheduler.h"
#include "tests/host/models.h"

namespace alice::test {

/// Schedulers that go with a network that predicts the noise: with ALICE_LONG=1 every one, else a sample, with one that
/// asks twice a step. One starts in pure noise, where such a network says nothing of the picture. What is demanded of
/// them here, `alice plugin check` demands of each alone.
inline std::vector<const SchedulerFactory*> schedulers_of_noise() {
  constexpr size_t kEach = 4;
  const bool all = std::getenv("ALICE_LONG") != nullptr;
  std::vector<const SchedulerFactory*> list;
  size_t number = 0;
  for (const SchedulerFactory* factory : built_in_registry()->of<SchedulerFactory>().all()) {
    const std::string& id = factory->info().id;
    if (id != "ipndm_angular" && (all || id == "heun" || number++ % kEach == 0)) list.push_back(factory);
  }
  return list;
}

}  // namespace alice::test
