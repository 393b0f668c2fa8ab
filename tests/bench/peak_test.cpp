#include "server/worker/bench/peak.h"

#include <cmath>
#include <fstream>

#include "server/worker/bench/measured_backend.h"
#include "server/worker/bench/other_programs.h"
#include "server/worker/bench/peak_record.h"
#include "tests/support/catch.h"

using namespace alice::bench;

namespace {

/// Does /proc/cpuinfo tell of it?
bool processor_has(const std::string& flag) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if ((line + " ").find(" " + flag + " ") != std::string::npos) return true;
  return false;
}

const PeakRecord::Kind kFloat = {Arithmetic::float32, 2}, kByte = {Arithmetic::int8, 2};

}  // namespace

TEST_CASE("a peak is measured where the processor has the instruction, on any number of threads") {
  for (const int threads : {1, 2, 3}) {
    for (const auto& [arithmetic, is_there] :
         {std::pair(Arithmetic::float32, processor_has("avx512f") || (processor_has("avx2") && processor_has("fma"))),
          std::pair(Arithmetic::bfloat16, processor_has("avx512_bf16")),
          std::pair(Arithmetic::int8, processor_has("avx512_vnni"))}) {
      const std::optional<double> peak = peak_gflops(arithmetic, threads);
      REQUIRE(peak.has_value() == is_there);
      if (peak) CHECK((std::isfinite(*peak) && *peak > 0));
    }
  }
}

TEST_CASE("a precision has an arithmetic by its name, or none") {
  CHECK(arithmetic_named("float32") == Arithmetic::float32);
  CHECK(arithmetic_named("bfloat16") == Arithmetic::bfloat16);
  CHECK(arithmetic_named("int8") == Arithmetic::int8);
  CHECK(arithmetic_named("float16") == std::nullopt);
  CHECK(arithmetic_named("") == std::nullopt);
}

TEST_CASE("the best peak of each kind is kept") {
  PeakRecord peaks;
  CHECK(peaks.best(kFloat) == std::nullopt);
  CHECK(peaks.rounds() == 0);
  peaks.begin_round();
  peaks.add(kFloat, 200);
  peaks.add(kByte, 900);
  peaks.begin_round();
  peaks.add(kFloat, 230);
  peaks.add(kFloat, 220);
  CHECK(peaks.best(kFloat) == 230);
  CHECK(peaks.best(kByte) == 900);
  CHECK(peaks.best({Arithmetic::float32, 4}) == std::nullopt);
  CHECK(peaks.rounds() == 2);
}

TEST_CASE("a round is quiet when none of its peaks is more than a tenth below the best of its kind") {
  PeakRecord peaks;
  peaks.begin_round();
  peaks.add(kFloat, 100);
  peaks.add(kByte, 900);
  CHECK(peaks.quiet_rounds() == 1);
  peaks.begin_round();
  peaks.add(kFloat, 90);  // a tenth
  CHECK(peaks.quiet_rounds() == 2);
  peaks.begin_round();
  peaks.add(kFloat, 100);
  peaks.add(kByte, 809);
  CHECK(peaks.quiet_rounds() == 2);
  peaks.begin_round();
  peaks.add(kFloat, 105);  // and so the second was no quiet one
  CHECK(peaks.quiet_rounds() == 2);
}

TEST_CASE("rounds of a device without a known peak are quiet") {
  PeakRecord peaks;
  peaks.begin_round();
  peaks.begin_round();
  CHECK(peaks.quiet_rounds() == 2);
}

TEST_CASE("what other programs take is what is neither idle nor ours") {
  const OtherPrograms others;
  const double clock = clock_seconds();
  while (clock_seconds() < clock + 0.2) continue;  // twenty ticks of /proc/stat
  const std::optional<double> with_ours = others.share(0), without = others.share(1000);
  REQUIRE(with_ours.has_value());
  CHECK(*with_ours > 0);
  CHECK(*with_ours <= 1);
  CHECK(without == 0);
}
