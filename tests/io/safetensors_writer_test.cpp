#include "core/io/safetensors_writer.h"

#include "core/io/safetensors_file.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("what is written reads back the same, for every dtype") {
  const TempFolder folder;
  std::map<std::string, Tensor> tensors;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool})
    tensors[std::string("of ") + c10::toString(type)] = at::arange(7).remainder(2).to(type);
  tensors["empty"] = at::empty({0, 3});
  tensors["scalar"] = at::scalar_tensor(2.5);
  tensors["turned"] = at::arange(6).reshape({2, 3}).t();
  tensors["\u00e9 \"quoted\""] = at::ones({1});
  write_safetensors(folder / "x.safetensors", tensors, {{"note", "a \u20ac"}});

  const auto source = SafetensorsFile::open(folder / "x.safetensors");
  CHECK(source->index().metadata.at("note") == "a \u20ac");
  CHECK(source->index().tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    const Tensor read = source->tensor(name);
    CHECK(read.scalar_type() == tensor.scalar_type());
    CHECK(at::equal(read, tensor));
    CHECK(source->index().find(name)->begin % tensor.element_size() == 0);
  }
}

TEST_CASE("the same tensors give the same bytes") {
  const TempFolder folder;
  const std::map<std::string, Tensor> tensors = {{"b", at::ones({3})}, {"a", at::zeros({2}, at::kByte)}};
  write_safetensors(folder / "x", tensors);
  write_safetensors(folder / "y", tensors);
  CHECK(bytes_of(folder / "x") == bytes_of(folder / "y"));
}

TEST_CASE("what cannot be written is an error, and leaves no file") {
  const TempFolder folder;
  CHECK(error_of([&] {
          write_safetensors(folder / "x", {{"c", at::zeros({1}, at::kComplexFloat)}});
        }).code() == ErrorCode::unsupported);
  CHECK(error_of([&] {
          write_safetensors(folder / "x", {{"__metadata__", at::zeros({1})}});
        }).code() == ErrorCode::unsupported);
  CHECK(error_of([&] { write_safetensors(folder / "none/x", {}); }).code() == ErrorCode::not_found);
  CHECK(std::filesystem::is_empty(folder.path()));
}
