// Safetensors headers that lie on purpose: each is refused with a sentence that names the tensor.

#include "core/base/safetensors_header.h"
#include "core/io/safetensors_file.h"
#include "tests/support/errors.h"
#include "tests/support/safetensors_bytes.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// The sentence that refuses a header with `bytes` of data behind it.
std::string refusal(const std::string& header, size_t bytes) {
  const std::string file = safetensors_bytes(header, std::string(bytes, '\0'));
  const Error error = error_of([&] { parse_safetensors_header(file, file.size(), "the file"); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(error.place() == "the file");
  return error.sentence();
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

/// The same of one tensor "a" with four bytes of data.
std::string refusal_of(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  const std::string sentence = refusal("{" + tensor("a", dtype, shape, offsets) + "}", 4);
  CHECK(says(sentence, "'a'"));
  return sentence;
}

}  // namespace

TEST_CASE("offsets that lie are refused") {
  CHECK(says(refusal_of("F32", "[1]", "[0,8]"), "outside"));
  CHECK(says(refusal_of("F32", "[1]", "[4,0]"), "outside"));
  CHECK(says(refusal_of("F32", "[1]", "[4,8]"), "outside"));
  CHECK(says(refusal_of("F32", "[1]", "[0,3]"), "does not fit F32 of shape [1]"));
  CHECK(says(refusal_of("F32", "[2]", "[0,4]"), "does not fit"));
  CHECK(says(refusal_of("U8", "[2]", "[1,3]"), "hole of 1 bytes"));
  CHECK(says(refusal_of("F32", "[1]", "[0,18446744073709551615]"), "outside"));
  CHECK(says(refusal_of("F32", "[1]", "[18446744073709551612,18446744073709551615]"), "outside"));
  for (const char* offsets :
       {"[]", "[0]", "[0,4,8]", "[-1,3]", "[0,4.0]", "[0,\"4\"]", "{}", "null", "4", "[0,18446744073709551616]"})
    CHECK(says(refusal_of("F32", "[1]", offsets), "data_offsets"));
}

TEST_CASE("tensors that overlap, leave holes, or do not reach the end are refused") {
  const auto two = [](const char* first, const char* second) {
    return refusal("{" + tensor("a", "U8", "[4]", first) + "," + tensor("b", "U8", "[4]", second) + "}", 8);
  };
  CHECK(says(two("[0,4]", "[3,7]"), "tensor 'b' overlaps tensor 'a'"));
  CHECK(says(two("[0,4]", "[0,4]"), "overlaps"));
  const auto short_of_end = refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "}", 8);
  CHECK(says(short_of_end, "4 bytes behind its last tensor"));
  CHECK(says(refusal("{" + tensor("a", "U8", "[2]", "[0,2]") + "," + tensor("b", "U8", "[4]", "[4,8]") + "}", 8),
             "hole of 2 bytes"));
  CHECK(says(refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "," + tensor("none", "U8", "[0]", "[2,2]") + "}", 4),
             "overlaps"));
}

TEST_CASE("shapes whose product no number holds are refused") {
  for (const char* shape :
       {"[4294967296,4294967296]", "[9223372036854775807]", "[9223372036854775808]", "[18446744073709551615]",
        "[4611686018427387905]", "[2147483648,2147483648,4]", "[0,4611686018427387904,2]", "[9223372036854775807,0]"}) {
    INFO(shape);
    CHECK(says(refusal_of("U8", shape, "[0,0]"), "2^62"));
  }
  // The largest that is counted: refused for its data, not its shape. Eight bytes each would be more than 64 bits hold.
  CHECK(says(refusal_of("F64", "[4611686018427387904]", "[0,0]"), "does not fit"));
}

TEST_CASE("shapes of wrong types are refused") {
  for (const char* shape : {"[-1]", "[1.0]", "[1e0]", "[\"1\"]", "[null]", "[true]", "1", "null", "{}", "\"1\""}) {
    INFO(shape);
    CHECK(says(refusal_of("F32", shape, "[0,4]"), "shape"));
  }
  std::string many = "[1";
  for (int i = 0; i < 64; ++i) many += ",1";
  CHECK(says(refusal_of("F32", many + "]", "[0,4]"), "64"));
}

TEST_CASE("a dtype that is not known refuses its tensor where that is used, and nothing before") {
  const TempFolder folder;
  for (const char* dtype : {"F4", "f32", "", "F", "U32", "F8_E8M0"}) {
    INFO(dtype);
    const auto file = SafetensorsFile::open(folder.write(
        "x", safetensors_bytes("{" + tensor("a", dtype, "[1]", "[0,4]") + "," + tensor("b", "U8", "[1]", "[4,5]") + "}",
                               "12345")));
    CHECK(file->index().find("a")->dtype == DType::other);
    CHECK(file->index().find("a")->dtype_text() == dtype);
    CHECK(file->tensor("b").item<int64_t>() == '5');
    const Error error = error_of([&] { file->tensor("a"); });
    CHECK(error.code() == ErrorCode::bad_weights);
    CHECK(says(error.sentence(), "'a' has the dtype " + std::string(dtype)));
    CHECK(says(error.sentence(), "BF16"));
  }
  CHECK(says(refusal(R"({"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}})", 4), "dtype"));
  CHECK(says(refusal_of("U32", "[1]", "[0,8]"), "outside"));  // where its bytes lie is looked at all the same
}

TEST_CASE("further members of a tensor are passed over, whatever they hold") {
  for (const char* more : {R"("requires_grad":false)", R"("a":[1,"x",null])", R"("b":{"c":1})", R"("shapes":[3])"}) {
    INFO(more);
    const std::string file = safetensors_bytes(
        R"({"a":{)" + std::string(more) + R"(,"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x");
    CHECK(parse_safetensors_header(file, file.size(), "the file").tensors.at("a").shape == std::vector<int64_t>{1});
  }
  CHECK(says(refusal(R"({"a":{"x":1,"x":2,"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "'x' twice"));
  CHECK(says(refusal(R"({"a":{"x":[[1]],"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "nested deeper"));
}

TEST_CASE("a header of as many tensors as no model has is read or refused, and not by going over it again and again") {
  const auto header_of = [](int count) {
    std::string header;
    for (int i = 0; i < count; ++i)
      header += (i ? "," : "{") + tensor(std::to_string(i), "U8", "[0]", "[0,0]");
    return safetensors_bytes(header + "}", "");
  };
  const std::string most = header_of(100000);  // a reader whose time grows with the square takes minutes
  CHECK(parse_safetensors_header(most, most.size(), "the file").tensors.size() == 100000);
  const std::string many = header_of(300000);
  CHECK(says(error_of([&] { parse_safetensors_header(many, many.size(), "the file"); }).sentence(), "at most"));
  const std::string more = header_of(100001);
  CHECK(says(error_of([&] { parse_safetensors_header(more, more.size(), "the file"); }).sentence(), "100000 tensors"));
  std::string names = R"({"__metadata__":{)";
  for (int i = 0; i < 500001; ++i) names += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  CHECK(says(refusal(names + "}}", 0), "500000 names"));
}

TEST_CASE("what downloads and checkouts leave in a file's place is called what it is") {
  const TempFolder folder;
  const auto said = [&](const std::string& bytes) {
    const auto file = folder.write("model.safetensors", bytes);
    const std::string sentence = error_of([&] { read_safetensors_header(file); }).sentence();
    CHECK(sentence == error_of([&] { SafetensorsFile::open(file); }).sentence());
    return sentence;
  };
  CHECK(says(said("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3438167534\n"), "Git LFS"));
  for (const char* page :
       {"<!DOCTYPE html><html>", "\n  <HTML lang=en>", "\xEF\xBB\xBF<!doctype HTML>", "<?xml version"})
    CHECK(says(said(page), "web page"));
  CHECK(says(said(std::string("PK\3\4") + std::string(40, 'x')), "pickle"));
  CHECK(says(said(std::string("\x80\2}q\0X\1\2\3\4", 11)), "pickle"));
  CHECK(says(said("GGUF" + std::string(40, '\1')), "GGUF"));
  CHECK(says(said(""), "is empty"));
  CHECK(says(said(std::string(200, '\0')), "zeros"));
  const std::string whole = safetensors_bytes("{" + tensor("a", "U8", "[40]", "[0,40]") + "}", std::string(40, 'x'));
  CHECK(says(said(whole.substr(0, whole.size() - 1)), "is its download complete?"));
  CHECK(says(said(whole.substr(0, 30)), "cut off"));
}

TEST_CASE("names that stand twice are refused, wherever they stand") {
  CHECK(says(refusal("{" + tensor("a", "U8", "[2]", "[0,2]") + "," + tensor("a", "U8", "[2]", "[2,4]") + "}", 4),
             "'a' twice"));
  CHECK(says(refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "," + tensor("\\u0061", "U8", "[0]", "[4,4]") + "}", 4),
             "'a' twice"));
  CHECK(says(refusal(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4), "'dtype' twice"));
  CHECK(says(refusal(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "'k' twice"));
  CHECK(says(refusal(R"({"__metadata__":{},"__metadata__":{}})", 0), "twice"));
}

TEST_CASE("entries that are no tensors are refused") {
  for (const char* entry : {"3", "null", "[]", "\"F32\"", "{}", R"({"dtype":"U8","shape":[0]})",
                            R"({"dtype":"U8","shape":[0],"offsets":[0,0]})"}) {
    INFO(entry);
    CHECK(says(refusal(std::string("{\"a\":") + entry + "}", 0), "'a'"));
  }
  for (const char* metadata : {"3", "[]", "null", R"({"a":1})", R"({"a":null})"})
    CHECK(says(refusal(std::string("{\"__metadata__\":") + metadata + "}", 0), "__metadata__"));
}

TEST_CASE("headers that are no JSON object are refused") {
  for (const char* header :
       {"", " {}", "[]", "3", "null", "{", "{}}", "{\"a\"}", "{\"\xff\":1}", "{} x", "\xEF\xBB\xBF{}"}) {
    INFO(header);
    refusal(header, 0);
  }
  refusal(std::string("{}\0", 3), 0);
  refusal(std::string("{}\0{hidden", 10), 0);
}

TEST_CASE("a message quotes little, however much a file holds") {
  const std::string huge(1000000, 'x');
  CHECK(refusal("{\"" + huge + "\":3}", 0).size() < 500);
  CHECK(refusal("{\"a\":{\"dtype\":\"" + huge + "\",\"shape\":[1],\"data_offsets\":[0,2]}}", 1).size() < 500);
  const std::string odd = safetensors_bytes(
      "{\"a\":{\"dtype\":\"" + huge + "\",\"shape\":[1],\"data_offsets\":[0,1]}}", "x");
  CHECK(parse_safetensors_header(odd, odd.size(), "the file").find("a")->dtype_text().size() < 100);
  CHECK(refusal("{\"" + huge, 0).size() < 500);
  CHECK(refusal("{\"__metadata__\":{\"" + huge + "\":3}}", 0).size() < 500);
}

TEST_CASE("deep nesting is refused before it costs anything") {
  CHECK(says(refusal("{\"a\":{\"dtype\":[[1]]}}", 0), "nested deeper"));
  CHECK(says(refusal("{\"a\":{\"b\":" + std::string(5000000, '['), 0), "nested deeper"));
  CHECK(says(refusal("{\"a\":" + std::string(5000000, '['), 0), "'a'"));
}

TEST_CASE("absurd header lengths are refused without reading so much") {
  const TempFolder folder;
  for (const uint64_t length :
       {uint64_t{(16u << 20) + 1}, uint64_t{1} << 40, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    std::string bytes;
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(length >> shift & 0xff);
    const auto file = folder.write("x", bytes + "{}");
    CHECK(says(error_of([&] { read_safetensors_header(file); }).sentence(), std::to_string(length)));
    CHECK(says(error_of([&] { SafetensorsFile::open(file); }).sentence(), std::to_string(length)));
  }
}
