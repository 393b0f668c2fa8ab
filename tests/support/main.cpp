// The main program of every Catch2 test. Thread counts are set by the environment that ctest gives.
#include "core/base/heap.h"

namespace {
[[maybe_unused]] const bool kept = (alice::keep_freed_memory(), true);  // as alice-worker does
}

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
