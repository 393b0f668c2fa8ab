#include "core/io/scaled_weights.h"

#include <ATen/ATen.h>

#include "core/io/model_files.h"
#include "core/io/open_tensors.h"
#include "core/io/safetensors_writer.h"
#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// "l.weight" of two rows of F8_E4M3, {1, 448} and {-1, 2^-9}, and a second tensor.
std::string with_second(const std::string& name, const std::string& dtype, const std::string& shape,
                        const std::string& bytes) {
  return safetensors_bytes(R"({"l.weight":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]},")" + name +
                               R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[4,)" +
                               std::to_string(4 + bytes.size()) + "]}}",
                           "\x38\x7E\xB8\x01" + bytes);
}

std::string float_bytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace

TEST_CASE("weights of eight bits are multiplied by the scale beside them, for all or for each row") {
  const TempFolder folder;
  const Tensor plain = at::tensor({1.f, 448.f, -1.f, 0.001953125f}).reshape({2, 2});
  const auto read = [&](const std::string& bytes) {
    return with_scales(open_tensors(folder.write("x", bytes)).weights);
  };
  for (const char* scale : {"l.scale_weight", "l.weight_scale"}) {
    for (const char* shape : {"[]", "[1]", "[1,1]"}) {
      const auto source = read(with_second(scale, "F32", shape, float_bytes({0.3f})));
      CHECK(source->index().tensors.size() == 1);
      const TensorInfo& info = *source->index().find("l.weight");
      CHECK(info.dtype == DType::f32);
      CHECK(info.dtype_text() == "F8_E4M3");
      CHECK(at::equal(source->tensor("l.weight"), plain * 0.3f));
    }
    const Tensor rows = at::tensor({2.f, 0.7f}).reshape({2, 1});
    for (const char* shape : {"[2]", "[2,1]"})
      CHECK(at::equal(read(with_second(scale, "F32", shape, float_bytes({2.f, 0.7f})))->tensor("l.weight"),
                      plain * rows));
  }
  const auto without = open_tensors(folder.write("x", with_second("l.bias", "F32", "[1]", float_bytes({1})))).weights;
  CHECK(with_scales(without) == without);
  CHECK(at::equal(without->tensor("l.weight").to(at::kFloat), plain));
}

TEST_CASE("what only products of eight bits need is no tensor of the model") {
  const TempFolder folder;
  const auto names = [&](const std::map<std::string, Tensor>& tensors) {
    write_safetensors(folder / "x", tensors);
    const auto source = with_scales(open_tensors(folder / "x").weights);
    std::vector<std::string> left;
    for (const auto& tensor : source->index().tensors) left.push_back(tensor.first);
    return left;
  };
  const Tensor one = at::ones({1}), weight = at::ones({2, 2});
  CHECK(names({{"a.weight", weight},
               {"a.scale_weight", one},
               {"a.scale_input", one},
               {"b.scale_input", one},
               {"model.scaled_fp8", one},
               {"scaled_fp8", at::zeros({2})},
               {"not_scaled_fp8", one}}) == std::vector<std::string>{"a.weight", "b.scale_input", "not_scaled_fp8"});
  CHECK(names({{"weight", weight}, {"weight_scale", one}, {"input_scale", one}, {"comfy_quant", one.to(at::kByte)}}) ==
        std::vector<std::string>{"weight"});
}

TEST_CASE("a scale that cannot be applied refuses its weight: it would be another number") {
  const TempFolder folder;
  const auto said = [&](const std::string& bytes) {
    const Error error =
        error_of([&] { with_scales(open_tensors(folder.write("x", bytes)).weights)->tensor("l.weight"); });
    CHECK(error.code() == ErrorCode::unsupported);
    return error.sentence();
  };
  CHECK(says(said(with_second("l.scale_weight", "F32", "[3]", float_bytes({1, 2, 3}))), "l.scale_weight"));
  CHECK(says(said(with_second("l.scale_weight", "I32", "[1]", float_bytes({1}))), "I32[1]"));
  CHECK(says(said(with_second("l.weight_scale_inv", "F32", "[1]", float_bytes({1}))), "l.weight_scale_inv"));
  CHECK(says(said(with_second("l.weight_scale", "F32", "[1,2]", float_bytes({1, 2}))), "l.weight_scale"));
}

TEST_CASE("a single file's scales are applied for each of its parts") {
  const TempFolder folder;
  const auto file = folder.write("x.safetensors", with_second("l.scale_weight", "F32", "[]", float_bytes({2})));
  const StoredModel model = open_model(file);
  CHECK(model.parts.at("unet").weights->tensor("l.weight")[0][1].item<float>() == 896);
  folder.write("part/model.safetensors", bytes_of(file));
  CHECK(open_part(folder / "part", "unet").weights->tensor("l.weight")[0][1].item<float>() == 896);
}
