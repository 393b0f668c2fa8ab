#include "core/io/gguf_file.h"

#include <ATen/ATen.h>

#include <map>

#include "core/base/json.h"
#include "core/io/open_tensors.h"
#include "tests/support/errors.h"
#include "tests/support/gguf_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr uint32_t kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ8_0 = 8, kI32 = 26, kBF16 = 30;

std::string as_bytes(const Tensor& tensor) {
  const Tensor packed = tensor.contiguous();
  return {static_cast<const char*>(packed.data_ptr()), packed.nbytes()};
}

/// See tools/goldens/gguf_blocks.py.
class Xorshift {
 public:
  explicit Xorshift(uint32_t seed) : state_(seed) {}
  uint8_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return static_cast<uint8_t>(state_ >> 24);
  }

 private:
  uint32_t state_;
};

std::string random_blocks(const GgufType& type, const std::vector<size_t>& halves, size_t count) {
  Xorshift random(type.id + 1);
  std::string bytes;
  for (size_t block = 0; block < count; ++block) {
    for (size_t i = 0; i < type.block_bytes; ++i) bytes += static_cast<char>(random.next());
    for (const size_t place : halves) {  // no infinity and no NaN
      char& upper = bytes[block * type.block_bytes + place + 1];
      if ((upper & 0x7c) == 0x7c) upper = static_cast<char>(upper & 0xbf);
    }
  }
  return bytes;
}

std::string fnv1a(const Tensor& tensor) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : as_bytes(tensor)) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[hash >> shift & 15];
  return text;
}

}  // namespace

TEST_CASE("numbers in blocks are the same bits as ggml's own decoder gives") {
  const std::map<std::string, std::vector<size_t>> halves = {
      {"Q4_0", {0}},      {"Q4_1", {0, 2}}, {"Q5_0", {0}},    {"Q5_1", {0, 2}}, {"Q8_0", {0}},
      {"Q2_K", {80, 82}}, {"Q3_K", {108}},  {"Q4_K", {0, 2}}, {"Q5_K", {0, 2}}, {"Q6_K", {208}}};
  const Json expected = read_json_file(ALICE_TEST_DATA "/reference/gguf_blocks.json");
  const auto blocks = expected["blocks"].get<uint64_t>();
  CHECK(blocks == 1000);
  const TempFolder folder;
  size_t compared = 0;
  for (uint32_t id = 0; id < 64; ++id) {
    const GgufType* type = gguf_type(id);
    if (type == nullptr || type->unpack == nullptr) continue;
    INFO(type->name);
    const std::string bytes = random_blocks(*type, halves.at(type->name), blocks);
    const auto file = open_tensors(folder.write("x", gguf_bytes({{"x", {type->block_elements, blocks}, id, bytes}})));
    const Tensor read = file.weights->tensor("x");
    CHECK(read.scalar_type() == at::kFloat);
    CHECK(read.sizes().vec() == std::vector<int64_t>{1000, static_cast<int64_t>(type->block_elements)});
    CHECK(fnv1a(read) == expected["fnv1a"][type->name].get<std::string>());
    ++compared;
  }
  CHECK(compared == expected["fnv1a"].size());
}

TEST_CASE("numbers that lie there as they are are read as they are, sides in our order") {
  const TempFolder folder;
  const Tensor numbers = at::arange(6., at::kFloat).reshape({2, 3});
  for (const uint32_t version : {2, 3}) {
    const std::string bytes = gguf_bytes({{"f32", {3, 2}, kF32, as_bytes(numbers)},
                                          {"f16", {3, 2}, kF16, as_bytes(numbers.to(at::kHalf))},
                                          {"bf16", {6}, kBF16, as_bytes(numbers.to(at::kBFloat16))},
                                          {"i32", {}, kI32, gguf_number(7, 4)},
                                          {"none", {0, 2}, kQ8_0, ""}},
                                         {}, version);
    const auto file = open_tensors(folder.write("x.bin", bytes)).weights;
    CHECK(at::equal(file->tensor("f32"), numbers));
    CHECK(at::equal(file->tensor("f16"), numbers.to(at::kHalf)));
    CHECK(at::equal(file->tensor("bf16"), numbers.to(at::kBFloat16).flatten()));
    CHECK(file->tensor("i32").item<int>() == 7);
    CHECK(file->tensor("none").sizes().vec() == std::vector<int64_t>{2, 0});
    CHECK(file->index().find("none")->dtype_text() == "Q8_0");
    CHECK(file->index().find("f16")->dtype_text() == "F16");
  }
}

TEST_CASE("a folded weight has its original shape, and the file's facts are its metadata") {
  const TempFolder folder;
  const std::string strings = gguf_number(8, 4) + gguf_number(2, 8) + gguf_text("a") + gguf_text("b");
  const std::string nested = gguf_number(9, 4) + gguf_number(1, 8) + strings;
  const auto file = open_tensors(folder.write(
      "x", gguf_bytes({{"conv", {64, 1}, kQ8_0, std::string(68, '\1')}},
                      {gguf_fact("general.architecture", 8, gguf_text("sd1")),
                       gguf_fact("general.alignment", 4, gguf_number(64, 4)), gguf_shape_fact("conv", {2, 8, 2, 2}),
                       gguf_fact("minus", 11, gguf_number(~uint64_t{0}, 8)), gguf_fact("yes", 7, "\1"),
                       gguf_fact("tokens", 9, strings), gguf_fact("lists", 9, nested),
                       gguf_fact("bytes", 9, gguf_number(0, 4) + gguf_number(5, 8) + "12345")},
                      3, 64)));
  const TensorIndex& index = file.weights->index();
  CHECK(index.find("conv")->shape == std::vector<int64_t>{2, 8, 2, 2});
  CHECK(file.weights->tensor("conv").sizes().vec() == std::vector<int64_t>{2, 8, 2, 2});
  CHECK(index.metadata == std::map<std::string, std::string>{{"general.architecture", "sd1"},
                                                             {"general.alignment", "64"},
                                                             {"minus", "-1"},
                                                             {"yes", "true"},
                                                             {"tokens", "[2 values]"},
                                                             {"lists", "[1 values]"},
                                                             {"bytes", "[5 values]"}});
}

TEST_CASE("tensors of types that are not known are in the index, and refused when they are read") {
  const TempFolder folder;
  const auto file = open_tensors(folder.write(
      "x.gguf",
      gguf_bytes({{"a", {256, 2}, 23, std::string(300, 'x')}, {"b", {2}, 99, ""}, {"c", {1}, kF32, "1234"}})));
  for (const auto& [name, type] : {std::pair{"a", "IQ4_XS"}, std::pair{"b", "GGUF type 99"}}) {
    const Error error = error_of([&, name = name] { file.weights->tensor(name); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.sentence(), type));
  }
  CHECK(file.weights->tensor("c").numel() == 1);
}

TEST_CASE("a GGUF file that lies is refused") {
  const TempFolder folder;
  const auto error_with = [&](const std::string& bytes) {
    const auto file = folder.write("x.gguf", bytes);
    const Error error = error_of([&] { open_tensors(file); });
    CHECK(error.place() == file.string());
    return error;
  };
  const auto said = [&](const std::string& bytes) { return error_with(bytes).sentence(); };
  const auto of = [](const GgufTensor& tensor) { return gguf_bytes({tensor}); };
  const std::string eight(32, 'x');
  const uint64_t huge = uint64_t{1} << 62;
  CHECK(error_with(gguf_bytes({}, {}, 1)).code() == ErrorCode::unsupported);
  CHECK(says(said(gguf_bytes({}, {}, 4)), "version 4"));
  CHECK(says(said(gguf_bytes({}, {}, 0x03000000)), "big-endian"));
  CHECK(says(said("GGUF"), "cut off"));
  CHECK(says(said("GGUF" + gguf_number(3, 4) + gguf_number(huge, 8) + gguf_number(0, 8)), "tensors"));
  CHECK(says(said("GGUF" + gguf_number(3, 4) + gguf_number(0, 8) + gguf_number(huge, 8)), "facts"));
  CHECK(
      says(said("GGUF" + gguf_number(3, 4) + gguf_number(0, 8) + gguf_number(1, 8) + gguf_number(huge, 8)), "cut off"));
  CHECK(says(said(of({"x", {8, 2}, kF32, eight})), "behind the file's end"));
  CHECK(says(said(of({"x", {huge, 2}, kF32, eight})), "2^62"));
  CHECK(says(said(of({"x", {huge}, kF32, eight})), "larger than any file"));
  CHECK(says(said(of({"x", {0, huge, 2}, kF32, eight})), "2^62"));
  CHECK(says(said(of({"x", {1, 1, 1, 1, 1}, kF32, eight})), "5 sides"));
  CHECK(says(said(of({"x", {16}, kQ4_0, eight})), "whole blocks of 32"));
  CHECK(says(said(of({"x", {16, 2}, kQ4_0, eight})), "whole blocks of 32"));
  CHECK(says(said(of({"x", {}, kQ4_0, eight})), "whole blocks of 32"));
  CHECK(says(said(of({std::string(1001, 'x'), {8}, kF32, eight})), "1000 bytes"));
  CHECK(says(said(of({"\xff", {8}, kF32, eight})), "no text"));
  CHECK(says(said(gguf_bytes({{"x", {8}, kF32, eight}, {"x", {8}, kF32, eight}})), "comes twice"));
  CHECK(says(said(gguf_bytes({{"x", {16}, kF32, eight}, {"y", {8}, kF32, eight}})), "overlaps tensor 'x'"));
  for (const uint64_t alignment : {0, 3, 24, 1 << 21})
    CHECK(says(said(gguf_bytes({}, {gguf_fact("general.alignment", 4, gguf_number(alignment, 4))})), "alignment"));
  CHECK(says(said(gguf_bytes({{"x", {8}, kF32, std::string(36, 'x')}, {"y", {8}, kF32, eight}}, {}, 3, 4)),
             "no multiple"));
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 7, "\1"), gguf_fact("k", 7, "\1")})), "twice"));
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 13, "")})), "unknown type 13"));
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 9, gguf_number(13, 4) + gguf_number(1, 8))})), "unknown type 13"));
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 9, gguf_number(5, 4) + gguf_number(huge, 8))})), "cut off"));
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 9, gguf_number(8, 4) + gguf_number(huge, 8))})), "cut off"));
  std::string lists;
  for (int i = 0; i < 100'000; ++i) lists += gguf_number(9, 4) + gguf_number(1, 8);
  CHECK(says(said(gguf_bytes({}, {gguf_fact("k", 9, lists)})), "deeper"));
  for (const std::vector<int32_t>& shape :
       {std::vector<int32_t>{3, 3}, {-2, -4}, {1, 1, 1, 1, 1, 8}, {1 << 30, 1 << 30, 1 << 30}})
    CHECK(says(said(gguf_bytes({{"x", {8}, kF32, eight}}, {gguf_shape_fact("x", shape)})), "original shape"));
}
