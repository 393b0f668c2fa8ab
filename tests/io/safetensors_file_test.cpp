#include "core/io/safetensors_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "core/base/safetensors_header.h"
#include "core/io/open_tensors.h"
#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Bytes of files that are mapped and in memory (proc(5), statm: shared).
int64_t mapped_in_memory() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared * ::sysconf(_SC_PAGESIZE);
}

const std::string kGolden = ALICE_TEST_DATA "/goldens/models/tiny_sd15.safetensors";

}  // namespace

TEST_CASE("a real file's header is read without its data") {
  const TensorIndex index = read_safetensors_header(kGolden);
  CHECK(index.place == kGolden);
  CHECK(index.files == std::vector<std::string>{kGolden});
  const TensorInfo* weight = index.find("model.diffusion_model.input_blocks.0.0.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->shape == std::vector<int64_t>{32, 4, 3, 3});
  CHECK(weight->dtype == DType::f16);
  CHECK(weight->end - weight->begin == 32 * 4 * 3 * 3 * 2);
  CHECK_FALSE(index.contains("nobody"));
}

TEST_CASE("every dtype is read as it lies in the file") {
  const TempFolder folder;
  // Two elements each, in order of falling size, then three bytes of BOOL: 1, 0 and 7, which counts as true.
  const std::string header =
      R"({"f64":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"i64":{"dtype":"I64","shape":[2],"data_offsets":[16,32]},)"
      R"("f32":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},"i32":{"dtype":"I32","shape":[2],"data_offsets":[40,48]},)"
      R"("f16":{"dtype":"F16","shape":[2],"data_offsets":[48,52]},"bf16":{"dtype":"BF16","shape":[2],"data_offsets":[52,56]},)"
      R"("i16":{"dtype":"I16","shape":[2],"data_offsets":[56,60]},"i8":{"dtype":"I8","shape":[2],"data_offsets":[60,62]},)"
      R"("u8":{"dtype":"U8","shape":[2],"data_offsets":[62,64]},"bool":{"dtype":"BOOL","shape":[3],"data_offsets":[64,67]}})";
  std::string data;
  const auto put = [&](auto... values) { (data.append(reinterpret_cast<const char*>(&values), sizeof values), ...); };
  put(1.5, -2.5, int64_t{1} << 40, int64_t{-1}, 1.5f, -2.5f, int32_t{100000}, int32_t{-1});
  put(uint16_t{0x3E00}, uint16_t{0xC100});  // 1.5 and -2.5 in IEEE 754 binary16
  put(uint16_t{0x3FC0}, uint16_t{0xC020});  // 1.5 and -2.5 in bfloat16: the upper half of binary32
  put(int16_t{300}, int16_t{-1}, int8_t{100}, int8_t{-1}, uint8_t{200}, uint8_t{255}, uint8_t{1}, uint8_t{0},
      uint8_t{7});

  // A header of another length shifts the data: every alignment gives the same values.
  for (size_t padding = 0; padding < 8; ++padding) {
    INFO("padding " << padding);
    const auto source =
        SafetensorsFile::open(folder.write("x", safetensors_bytes(header + std::string(padding, ' '), data)));
    const auto values = [&](const char* name) {
      const Tensor tensor = source->tensor(name).to(at::kDouble);
      return std::vector<double>(tensor.data_ptr<double>(), tensor.data_ptr<double>() + tensor.numel());
    };
    for (const char* name : {"f64", "f32", "f16", "bf16"}) CHECK(values(name) == std::vector<double>{1.5, -2.5});
    CHECK(values("i64") == std::vector<double>{1099511627776, -1});
    CHECK(values("i32") == std::vector<double>{100000, -1});
    CHECK(values("i16") == std::vector<double>{300, -1});
    CHECK(values("i8") == std::vector<double>{100, -1});
    CHECK(values("u8") == std::vector<double>{200, 255});
    CHECK(values("bool") == std::vector<double>{1, 0, 1});
    CHECK(source->tensor("bool").scalar_type() == at::kBool);
    CHECK(source->tensor("bf16").scalar_type() == at::kBFloat16);
  }
}

TEST_CASE("every number of eight bits is read as the value that the format gives it") {
  // Micikevicius et al. 2022, "FP8 Formats for Deep Learning", table 1: value = (-1)^s 2^(e - bias) (1 + m / 2^M), and
  // 2^(1 - bias) (m / 2^M) for e = 0. E4M3 has no infinities and one NaN of each sign; E5M2 has both as IEEE 754.
  const auto value_of = [](int byte, int mantissa_bits, int bias, bool has_infinity) {
    const int mantissa = byte & ((1 << mantissa_bits) - 1), exponent = (byte & 0x7F) >> mantissa_bits;
    const int largest = (1 << (7 - mantissa_bits)) - 1;
    const double sign = byte & 0x80 ? -1 : 1, fraction = std::ldexp(mantissa, -mantissa_bits);
    if (exponent == largest && has_infinity) return mantissa == 0 ? sign * INFINITY : NAN;
    if (exponent == largest && mantissa == (1 << mantissa_bits) - 1) return double(NAN);
    return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
  };
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const TempFolder folder;
  const auto source = SafetensorsFile::open(folder.write(
      "x", safetensors_bytes(R"({"e4m3":{"dtype":"F8_E4M3","shape":[16,16],"data_offsets":[0,256]},)"
                             R"("e5m2":{"dtype":"F8_E5M2","shape":[256],"data_offsets":[256,512]}})",
                             bytes + bytes)));
  const auto check = [&](const char* name, int mantissa_bits, int bias, bool has_infinity) {
    const Tensor tensor = source->tensor(name);
    CHECK(tensor.scalar_type() == at::kHalf);
    const Tensor read = tensor.to(at::kDouble).flatten();
    for (int byte = 0; byte < 256; ++byte) {
      INFO(name << " " << byte);
      const double value = read[byte].item<double>(), wanted = value_of(byte, mantissa_bits, bias, has_infinity);
      CHECK((std::isnan(wanted) ? std::isnan(value) : value == wanted));
      CHECK(std::signbit(value) == (byte >= 128));
    }
  };
  check("e4m3", 3, 7, false);
  check("e5m2", 2, 15, true);
  CHECK(source->tensor("e4m3").sizes().vec() == std::vector<int64_t>{16, 16});
}

TEST_CASE("a tensor keeps its file mapped, even when file and source are gone") {
  const TempFolder folder;
  auto source = SafetensorsFile::open(folder.write("x", tiny_safetensors("a", 4096)));
  const Tensor tensor = source->tensor("a");
  source.reset();
  std::filesystem::remove(folder / "x");
  CHECK(tensor.sum().item<int64_t>() == 0);
}

TEST_CASE("tensors without elements and without dimensions are read") {
  const TempFolder folder;
  const auto source = SafetensorsFile::open(folder.write(
      "x",
      safetensors_bytes(
          R"({"none":{"dtype":"F32","shape":[2,0,3],"data_offsets":[0,0]},"one":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
          "\x05")));
  CHECK(source->tensor("none").sizes().vec() == std::vector<int64_t>{2, 0, 3});
  CHECK(source->tensor("one").dim() == 0);
  CHECK(source->tensor("one").item<int64_t>() == 5);
}

TEST_CASE("a file without tensors is valid") {
  const TempFolder folder;
  CHECK(SafetensorsFile::open(folder.write("x", safetensors_bytes("{}", "")))->index().tensors.empty());
  CHECK(read_safetensors_header(folder / "x").tensors.empty());
}

TEST_CASE("a name that is not there is an error with the nearest one") {
  const Error error = error_of([] { SafetensorsFile::open(kGolden)->tensor("model.diffusion_model.out.0.weigth"); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(error.place() == kGolden);
  CHECK(says(error.sentence(), "'model.diffusion_model.out.0.weigth'"));
  CHECK(says(error.sentence(), "'model.diffusion_model.out.0.weight'"));
}

TEST_CASE("shards are one source, and a name in two of them is an error") {
  const TempFolder folder;
  const auto a = folder.write(
      "a",
      safetensors_bytes(R"({"__metadata__":{"x":"1"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "\x01"));
  const auto b = folder.write(
      "b", safetensors_bytes(
               R"({"__metadata__":{"x":"2","y":"3"},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "\x02"));
  const auto source = open_shards({a, b}, "both").weights;
  CHECK(source->index().place == "both");
  CHECK(source->index().files.size() == 2);
  CHECK(source->tensor("a").item<int64_t>() == 1);
  CHECK(source->tensor("b").item<int64_t>() == 2);
  CHECK(source->index().metadata == std::map<std::string, std::string>{{"x", "1"}, {"y", "3"}});

  const Error error = error_of([&] { open_shards({a, b, a}, "three"); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(error.place() == "three");
  CHECK(says(error.sentence(), "'a' is in two files"));
  CHECK(error_of([] { open_shards({}, "none"); }).place() == "none");
}

TEST_CASE("a tensor that nobody holds any more takes no memory, and can be read again") {
  constexpr int64_t kSize = 32 << 20;
  const TempFolder folder;
  const auto source = SafetensorsFile::open(folder.write("x.safetensors", tiny_safetensors("x", kSize)));
  const int64_t before = mapped_in_memory();
  for (int time = 0; time < 2; ++time) {
    const Tensor x = source->tensor("x");
    CHECK(x.eq(0).all().item<bool>());
    CHECK(mapped_in_memory() - before > kSize * 9 / 10);
  }
  CHECK(mapped_in_memory() - before < kSize / 10);
}

TEST_CASE("what is no file is refused, and what is not there is not found") {
  const TempFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
  for (const auto& file : {folder / "none", folder.path(), folder / "pipe", folder / "dangling"}) {
    INFO(file);
    const bool is_there = file == folder.path() || file == folder / "pipe";
    for (const Error& error :
         {error_of([&] { SafetensorsFile::open(file); }), error_of([&] { read_safetensors_header(file); })}) {
      CHECK(error.code() == (is_there ? ErrorCode::bad_weights : ErrorCode::not_found));
      CHECK(error.place() == file.string());
      CHECK_FALSE(error.sentence().empty());
    }
  }
}
