#pragma once
// Backends that are quicker than the core's plain kernels: by how much, so that the host can choose one by itself
// (`backend: auto`). Such a backend answers extension(kQuickness) with a Quickness.

namespace alice {

inline constexpr const char* kQuickness = "alice/quickness/1";

struct Quickness {
  /// How many times as quick as the plain kernels, on this very machine and in float32, about; above 1.
  double times;
};

}  // namespace alice
