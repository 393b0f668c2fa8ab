// Files that torch.save wrote (tests/data/checkpoints, by torch 2.x in both containers), and files made by hand.

#include <ATen/ATen.h>

#include <filesystem>

#include "core/io/open_tensors.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/torch_bytes.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kCheckpoints = ALICE_TEST_DATA "/checkpoints/";

void check_same(const WeightSource& read, const WeightSource& expected) {
  CHECK(read.index().tensors.size() == expected.index().tensors.size());
  for (const auto& [name, info] : expected.index().tensors) {
    INFO(name);
    REQUIRE(read.index().contains(name));
    CHECK(read.index().find(name)->dtype == info.dtype);
    CHECK(read.index().find(name)->shape == info.shape);
    const Tensor ours = read.tensor(name), theirs = expected.tensor(name);
    CHECK(ours.is_contiguous());
    CHECK(ours.scalar_type() == theirs.scalar_type());
    CHECK(at::equal(ours, theirs));
  }
}

/// Eight floats 0 to 7.
std::string eight_floats() {
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    const auto value = static_cast<float>(i);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes;
}

std::string of_tensor(const std::string& tensor) { return pickle_of(pickled_dict({{"t", tensor}})); }

/// What is said of a zip file with this pickle and one storage "0" of eight floats.
Error error_with(const std::string& pickle) {
  const TempFolder folder;
  const auto file = folder.write("evil.ckpt", torch_zip(pickle, {{"0", eight_floats()}}));
  const Error error = error_of([&] { open_tensors(file); });
  CHECK(error.place() == file.string());
  return error;
}

/// The same of a value in a dictionary.
Error error_with_value(const std::string& value) { return error_with(of_tensor(value)); }

}  // namespace

TEST_CASE("what torch wrote is read as it was, from both containers") {
  for (const char* kind : {"lightning", "odd"}) {
    const auto expected = open_tensors(kCheckpoints + kind + "_expected.safetensors");
    const std::string ending = std::string(kind) == "odd" ? ".pt" : ".ckpt";
    for (const std::string container : {"_zip", "_legacy"}) {
      INFO(kind << container);
      check_same(*open_tensors(kCheckpoints + kind + container + ending).weights, *expected.weights);
    }
  }
}

TEST_CASE("of a training's checkpoint the state dictionary is read, and the rest is counted") {
  for (const char* file : {"lightning_zip.ckpt", "lightning_legacy.ckpt"}) {
    const OpenedTensors opened = open_tensors(kCheckpoints + file);
    REQUIRE(opened.warnings.size() == 1);
    CHECK(says(opened.warnings[0].place, file));
    CHECK(says(opened.warnings[0].sentence, "passed over"));
    CHECK(says(opened.warnings[0].sentence, "global_step"));
  }
  CHECK(open_tensors(kCheckpoints + "bare_zip.pt").warnings.empty());
  CHECK(open_tensors(kCheckpoints + "bare_zip.pt").weights->index().tensors.size() > 1);
}

TEST_CASE("a pickle that would run a command is refused by its name, and nothing runs") {
  for (const char* file : {"evil_zip.ckpt", "evil_legacy.ckpt"}) {
    const Error error = error_of([&] { open_tensors(kCheckpoints + file); });
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(says(error.place(), file));
    CHECK(says(error.sentence(), "'posix.system'"));
    CHECK_FALSE(std::filesystem::exists("pickle_ran"));
  }
}

TEST_CASE("globals and opcodes that no file of tensors needs are refused by name") {
  const auto call = [](const std::string& module, const std::string& name) {
    return pickled_global(module, name) + pickled_tuple({pickled_text("x")}) + "R";
  };
  const auto by_stack = [](const std::string& module, const std::string& name) {
    return pickled_text(module) + pickled_text(name) + "\x93" + pickled_tuple({}) + "R";
  };
  const std::pair<std::string, const char*> evil[] = {
      {call("os", "system"), "'os.system'"},
      {call("builtins", "eval"), "'builtins.eval'"},
      {call("__builtin__", "getattr"), "'__builtin__.getattr'"},
      {call("builtins", "__import__"), "'builtins.__import__'"},
      {call("torch", "load"), "'torch.load'"},
      {call("torch.serialization", "load"), "'torch.serialization.load'"},
      {call("numpy", "load"), "'numpy.load'"},
      {call("subprocess", "Popen"), "'subprocess.Popen'"},
      {call("pytorch_lightning", "os.system"), "'pytorch_lightning.os.system'"},
      {by_stack("omegaconf.base", "os.system"), "'omegaconf.base.os.system'"},
      {by_stack("posix", "system"), "'posix.system'"},
      {"\x82\x01", "EXT1"},
      {"\x83\x01\x02", "EXT2"},
      {"\x84\x01\x02\x03\x04", "EXT4"},
      {"(" + pickled_text("x") + "ios\nsystem\n", "INST"},
      {"(" + pickled_text("x") + "o", "OBJ"},
      {"Pname\n", "PERSID"},
      {"\x97", "NEXT_BUFFER"},
      {"N\x98", "READONLY_BUFFER"},
      {")}\x92", "NEWOBJ_EX"},
      {"\xfe", "0xFE"},
      {pickled_tuple({pickled_text("module"), pickled_text("x")}) + "Q", "persistent id"},
      {"S'a\\x41'\n", "escapes"},
  };
  for (const auto& [value, name] : evil) {
    INFO(name);
    const Error error = error_with_value(value);
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(says(error.sentence(), name));
    CHECK(says(error.sentence(), "nothing of it was run"));
  }
}

TEST_CASE("what calls wrongly, takes what is not there or leaves too much is an error") {
  const std::string tensor = pickled_tensor(pickled_storage("0", 8), 0, {8}, {1});
  for (const std::string& value : std::vector<std::string>{
           pickled(1) + ")R",
           pickled_text("os") + pickled_tuple({}) + "R",  // calls what is no global
           pickled_global("torch", "FloatStorage") + ")R",
           pickled_global("torch", "float32") + ")R",
           pickled_global("torch._utils", "_rebuild_parameter") + pickled_tuple({pickled(1)}) + "R",
           pickled_global("torch", "Size") + pickled_tuple({pickled(1)}) + "R",
           pickled_global("collections", "OrderedDict") + pickled_tuple({"](Ne"}) + "R",
           pickled_global("torch._tensor", "_rebuild_from_type_v2") + pickled_tuple({pickled(1)}) + "R",
           "N}b",
           "R",
           "a",
           "s",
           "u",
           "t",
           "e",
           "h\x05",
           "00",
           "\x93",
           "NNa",
           "Is no number\n",
           "(NNNd",
           "\x80\x09N",
           "F1.5",
           "j\xff\xff\xff\xff",
           "Nr\xff\xff\xff\xff",
           "\x8b\xff\xff\xff\x7f",
           "X\xff\xff\xff\x7f"}) {
    INFO(value);
    CHECK(error_with_value(value).code() == ErrorCode::bad_weights);
  }
  CHECK(says(error_with("\x80\x02NN.").sentence(), "leaves 2 values"));
  CHECK(says(error_with(pickle_of("N")).sentence(), "no dictionary"));
  CHECK(says(error_with(pickle_of(pickled_dict({{"t", tensor}})) + "N").sentence(), "behind the end"));
}

TEST_CASE("a pickle of little length cannot take much time or memory") {
  std::string deep = "N";
  for (int i = 0; i < 200'000; ++i) deep += "\x85";  // a tuple in a tuple, and so on
  const std::string quadratic_list = [] {
    std::string text = "](" + std::string(100'000, 'N') + "eq" + std::string(1, '\0') + "0";
    for (int i = 0; i < 20'000; ++i) text += pickled_global("torch", "Size") + "(" + "h" + std::string(1, '\0') + "tR0";
    return text + "N";
  }();
  std::string pairs = "](";  // a list of pairs, made a dictionary often
  for (int i = 0; i < 50'000; ++i) pairs += "NN\x86";
  pairs += "eq" + std::string(1, '\0') + "0";
  for (int i = 0; i < 5'000; ++i)
    pairs += pickled_global("collections", "OrderedDict") + "(h" + std::string(1, '\0') + "tR0";
  std::string doubling = "}q" + std::string(1, '\0') + "0";  // dictionaries, each of which holds the one before twice
  for (int i = 1; i < 7; ++i) {
    const std::string before(1, static_cast<char>(i - 1));
    std::string members;
    for (int k = 0; k < 30; ++k) members += pickled_text("k" + std::to_string(k)) + "h" + before;
    doubling += "}q" + std::string(1, static_cast<char>(i)) + "(" + members + (i < 6 ? "u0" : "u");
  }
  const std::pair<std::string, const char*> bombs[] = {
      {of_tensor(deep), ""},
      {of_tensor(quadratic_list), ""},
      {of_tensor(pairs + "N"), "places"},
      {"\x80\x02" + std::string(1'100'000, ')') + ".", "values"},
      {"\x80\x02(" + std::string(9'000'000, '2') + ".", "empty stack"},
      {"\x80\x02N" + std::string(9'000'000, '2') + ".", "places"},
      {"\x80\x02" + pickled_dict({{"top", doubling}}) + ".", "entries"},
      {"\x80\x02}q" + std::string(1, '\0') + pickled_text("self") + "h" + std::string(1, '\0') + "s.", "deeper"},
  };
  for (const auto& [pickle, words] : bombs) {
    INFO(words);
    const TempFolder folder;
    const auto file = folder.write("bomb.ckpt", torch_zip(pickle, {}));
    if (*words == '\0')
      CHECK(open_tensors(file).weights->index().tensors.empty());
    else
      CHECK(says(error_of([&] { open_tensors(file); }).sentence(), words));
  }
}

TEST_CASE("tensors must lie in their storages, and storages in the file") {
  const auto said = [&](int32_t first, const std::vector<int32_t>& shape, const std::vector<int32_t>& strides) {
    return error_with_value(pickled_tensor(pickled_storage("0", 8), first, shape, strides)).sentence();
  };
  CHECK(says(said(1, {8}, {1}), "outside its storage"));
  CHECK(says(said(8, {1}, {1}), "outside its storage"));
  CHECK(says(said(-1, {8}, {1}), "first element"));
  CHECK(says(said(0, {2, 4}, {5, 1}), "outside its storage"));
  CHECK(says(said(0, {9}, {1}), "outside its storage"));
  CHECK(says(said(0, {2}, {2147483647}), "outside its storage"));
  CHECK(says(said(0, {2, -4}, {4, 1}), "shape"));
  CHECK(says(said(0, {2, 4}, {4, -1}), "strides"));
  CHECK(says(said(0, {2, 4}, {4}), "strides"));
  CHECK(says(said(0, {2147483647, 2147483647, 2147483647}, {0, 0, 0}), "2^62"));
  CHECK(says(said(0, {2147483647, 0, 2147483647, 2147483647}, {0, 0, 0, 0}), "2^62"));
  CHECK(says(said(0, {1000, 100000}, {0, 0}), "repeats"));
  CHECK(says(error_with_value(pickled_tensor(pickled_storage("0", 9), 0, {8}, {1})).sentence(), "is to have 36"));
  CHECK(
      says(error_with_value(pickled_tensor(pickled_storage("1", 8), 0, {8}, {1})).sentence(), "lacks the storage '1'"));
  CHECK(says(error_with_value(pickled_tensor(pickled_storage("0", -1), 0, {8}, {1})).sentence(), "length"));
  CHECK(says(error_with_value(pickled_tensor(pickled_storage("0", 8, "UntypedStorage"), 0, {8}, {1})).sentence(),
             "dtype"));
}

TEST_CASE("views are read by their strides, mapped when contiguous, and of names that come again the last counts") {
  const TempFolder folder;
  const std::string storage = pickled_storage("0", 8);
  const std::string pickle = pickle_of(pickled_dict({{"rows", pickled_tensor(storage, 2, {2, 3}, {3, 1})},
                                                     {"turned", pickled_tensor(storage, 0, {2, 4}, {1, 2})},
                                                     {"one", pickled_tensor(storage, 7, {}, {})},
                                                     {"none", pickled_tensor(storage, 99, {0, 5}, {5, 1})},
                                                     {"again", pickled_tensor(storage, 0, {1}, {1})},
                                                     {"again", pickled_tensor(storage, 5, {1}, {1})}}));
  for (const bool is_zip : {true, false}) {
    std::string file = torch_zip(pickle, {{"0", eight_floats()}});
    if (!is_zip) file = torch_legacy(pickle, {{"0", eight_floats()}});
    const auto opened = open_tensors(folder.write("x", file)).weights;
    CHECK(at::equal(opened->tensor("rows"), at::arange(2., 8.).reshape({2, 3}).to(at::kFloat)));
    CHECK(at::equal(opened->tensor("turned"), at::arange(8.).reshape({4, 2}).t().to(at::kFloat)));
    CHECK(opened->tensor("one").item<float>() == 7);
    CHECK(opened->tensor("none").sizes().vec() == std::vector<int64_t>{0, 5});
    CHECK(opened->tensor("again").item<float>() == 5);
    CHECK(opened->index().find("rows")->end - opened->index().find("rows")->begin == 24);
  }
}

TEST_CASE("tensors of dictionaries in dictionaries have both names, and a ParameterDict's are found") {
  const TempFolder folder;
  const std::string tensor = pickled_tensor(pickled_storage("0", 8), 0, {8}, {1});
  const std::string parameters = pickled_global("torch.nn.modules.container", "ParameterDict") + ")\x81" +
                                 pickled_dict({{"training", "\x88"}, {"_parameters", pickled_dict({{"*", tensor}})}}) +
                                 "b";
  const std::string pickle = pickle_of(
      pickled_dict({{"string_to_param", parameters}, {"a", pickled_dict({{"b", tensor}, {"n", pickled(3)}})}}));
  const OpenedTensors opened = open_tensors(folder.write("x", torch_zip(pickle, {{"0", eight_floats()}})));
  CHECK(opened.weights->index().tensors.size() == 2);
  CHECK(opened.weights->index().contains("string_to_param.*"));
  CHECK(opened.weights->index().contains("a.b"));
  REQUIRE(opened.warnings.size() == 1);
  CHECK(says(opened.warnings[0].sentence, "1 entry"));
}

TEST_CASE("tensors of types without a storage of their own are read") {
  const TempFolder folder;
  const std::string tensor =
      pickled_global("torch._utils", "_rebuild_tensor_v3") +
      pickled_tuple({pickled_storage("0", 4, "UntypedStorage"), pickled(1), pickled_numbers({3}), pickled_numbers({1}),
                     "\x89", "N", pickled_global("torch", "float8_e4m3fn"), "}"}) +
      "R";
  const auto opened =
      open_tensors(folder.write("x", torch_zip(of_tensor(tensor), {{"0", "\x38\x7E\x01\xB8"}}))).weights;
  CHECK(opened->index().find("t")->dtype == DType::f8_e4m3);
  CHECK(at::equal(opened->tensor("t").to(at::kFloat), at::tensor({448.f, 0.001953125f, -1.f})));
}

TEST_CASE("packed entries and zip64's numbers are read") {
  const TempFolder folder;
  const std::string pickle = of_tensor(pickled_tensor(pickled_storage("0", 8), 1, {7}, {1}));
  for (const bool is_64 : {false, true}) {
    for (const bool is_deflated : {false, true}) {
      const std::vector<ZipMember> members = {
          {"data.pkl", pickle, is_deflated}, {"data/0", eight_floats(), is_deflated}, {"byteorder", "little"}};
      const auto opened = open_tensors(folder.write("x", zip_bytes(members, is_64))).weights;
      CHECK(at::equal(opened->tensor("t"), at::arange(1., 8.).to(at::kFloat)));
    }
  }
}

TEST_CASE("a zip archive that lies is refused") {
  const TempFolder folder;
  const std::string pickle = of_tensor(pickled_tensor(pickled_storage("0", 8), 0, {8}, {1}));
  const auto said = [&](const std::string& file) {
    return error_of([&] { open_tensors(folder.write("x.ckpt", file)).weights->tensor("t"); }).sentence();
  };
  const ZipMember data{"x/data.pkl", pickle}, storage{"x/data/0", eight_floats()};
  CHECK(says(said(zip_bytes({storage})), "without a data.pkl"));
  CHECK(says(said(zip_bytes({data, {"y/data.pkl", pickle}, storage})), "two pickles"));
  CHECK(says(said(zip_bytes({data, storage, storage})), "comes twice"));
  CHECK(says(said(zip_bytes({data, storage, {"x/byteorder", "big"}})), "big-endian"));
  std::string sound = zip_bytes({data, storage});
  const auto changed = [&](const std::string& part, size_t at, const std::string& bytes) {
    std::string file = sound;
    return file.replace(file.rfind(part) + at, bytes.size(), bytes);
  };
  CHECK(says(said(changed("PK\x01\x02", 8, "\x01")), "encrypted"));
  CHECK(says(said(changed("PK\x01\x02", 10, "\x0c")), "method 12"));
  CHECK(says(said(changed("PK\x01\x02", 24, "\x1f")), "two lengths"));
  CHECK(says(said(changed("PK\x01\x02", 42, std::string(4, '\0'))), "another name"));
  CHECK(says(said(changed("PK\x01\x02", 20, "\xff\xff\xff\x0f\xff\xff\xff\x0f")), "directory"));
  CHECK(says(said(changed("PK\x05\x06", 10, "\x09")), "directory"));
  CHECK(says(said(changed("PK\x05\x06", 16, "\xff\xff\xff\x0f")), "cut off"));
  CHECK(says(said(sound.substr(0, sound.size() - 1)), "cut off"));
  CHECK(says(said("PK\x03\x04"), "cut off"));

  // One entry's bytes within another's.
  const std::string inner = zip_bytes({storage});
  std::string outer = zip_bytes({data, {"x/data/1", inner}, storage});
  const size_t record = outer.rfind("PK\x01\x02"), nested = outer.find("x/data/0") - 30;
  outer.replace(record + 42, 4, little_endian(nested, 4));
  CHECK(says(said(outer), "overlap"));

  const std::vector<ZipMember> packed = {{"x/data.pkl", pickle}, {"x/data/0", eight_floats(), true}};
  sound = zip_bytes(packed);
  CHECK(says(said(changed("PK\x01\x02", 16, "\x01\x02\x03\x04")), "checksum"));
  CHECK(says(said(changed("PK\x01\x02", 24, "\x21")), "unpack"));
  CHECK(says(said(changed("PK\x01\x02", 24, "\xff\xff\xff\x0f")), "cannot hold"));
}

TEST_CASE("an older file that lies is refused") {
  const TempFolder folder;
  const std::string storage = pickled_storage("0", 8, "FloatStorage", true);
  const std::string pickle = of_tensor(pickled_tensor(storage, 0, {8}, {1}));
  const auto said = [&](const std::string& file) {
    return error_of([&] { open_tensors(folder.write("x.ckpt", file)); }).sentence();
  };
  const std::string sound = torch_legacy(pickle, {{"0", eight_floats()}});
  CHECK(open_tensors(folder.write("x", sound)).weights->tensor("t").numel() == 8);
  CHECK(says(said(sound.substr(0, sound.size() - 1)), "cut off"));
  CHECK(says(said(sound.substr(0, 40)), "cut off"));
  CHECK(says(said(sound + "x"), "1 bytes behind"));
  CHECK(says(said(torch_legacy(pickle, {})), "lacks the storage '0'"));
  CHECK(says(said(torch_legacy(pickle, {{"1", eight_floats()}})), "which no tensor has"));
  CHECK(says(said(torch_legacy(pickle, {{"0", eight_floats()}, {"0", eight_floats()}})), "twice"));
  CHECK(says(said(torch_legacy(pickle, {{"0", eight_floats().substr(4)}})), "is to have 32"));
  CHECK(says(said(pickle_of(pickled(3)) + pickle), "none that PyTorch writes"));
  const std::string two_types =
      pickle_of(pickled_dict({{"t", pickled_tensor(storage, 0, {8}, {1})},
                              {"u", pickled_tensor(pickled_storage("0", 16, "HalfStorage", true), 0, {8}, {1})}}));
  CHECK(says(said(torch_legacy(two_types, {{"0", eight_floats()}})), "two types"));
}
