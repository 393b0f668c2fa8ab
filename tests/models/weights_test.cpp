#include "core/api/weights.h"

#include <cmath>
#include <thread>

#include "tests/models/goldens.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

Parameter parameter(const std::string& name, std::vector<int64_t> shape, const std::string& source,
                    Parameter::Form form = Parameter::Form::as_is) {
  Parameter made;
  made.name = name, made.shape = std::move(shape), made.source = source, made.form = form;
  return made;
}

ModelWeights weights_of(std::map<std::string, Tensor> tensors, std::vector<Parameter> parameters,
                        const char* dtype = "float32") {
  return ModelWeights("made/model", std::make_shared<MemoryWeights>(std::move(tensors)), std::move(parameters),
                      cpu_backend(dtype));
}

WantedParameter wanted(const std::string& name, std::vector<int64_t> shape,
                       std::vector<WantedParameter::Source> sources) {
  return {name, std::move(shape), std::move(sources)};
}

Recognition matched(std::map<std::string, Tensor> tensors, const std::vector<WantedParameter>& list) {
  Recognition recognition;
  ModelFiles files;
  files.weights = std::make_shared<MemoryWeights>(std::move(tensors));
  match_parameters(
      files, list, [](const std::string& name) { return name == "passed"; }, recognition);
  return recognition;
}

}  // namespace

TEST_CASE("weights of every floating point type are converted to the backend's") {
  const Tensor numbers = at::tensor({1.5f, -2.0f, 0.25f});
  for (at::ScalarType type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble})
    for (const char* dtype : {"float32", "bfloat16"}) {
      const ModelWeights weights =
          weights_of({{"norm.weight", numbers.to(type)}}, {parameter("norm.weight", {3}, "norm.weight")}, dtype);
      const Tensor tensor = weights.tensor("norm.weight");
      CHECK(tensor.scalar_type() == weights.backend().dtype());
      CHECK(at::equal(tensor.to(at::kFloat), numbers));
    }
}

TEST_CASE("weights in other forms and in rows of a stack come out as the model wants them") {
  at::manual_seed(41);
  const Tensor matrix = at::randn({4, 3}), stack = at::randn({6, 2});
  Parameter second = parameter("v.weight", {2, 2}, "stack");
  second.stacked = true, second.first_row = 2;
  const ModelWeights weights =
      weights_of({{"conv", matrix.view({4, 3, 1, 1})}, {"matrix", matrix}, {"stack", stack}},
                 {parameter("a.weight", {4, 3}, "conv", Parameter::Form::flatten_1x1),
                  parameter("b.weight", {4, 3, 1, 1}, "matrix", Parameter::Form::expand_1x1),
                  parameter("c.weight", {3, 4}, "matrix", Parameter::Form::transpose), second});
  CHECK(at::equal(weights.linear("a")->weight(), matrix));
  CHECK(at::equal(weights.conv2d("b", {1, 0})->weight(), matrix.view({4, 3, 1, 1})));
  CHECK(at::equal(weights.linear("c")->weight(), matrix.t()));
  CHECK(at::equal(weights.linear("v")->weight(), stack.narrow(0, 2, 2)));
  CHECK_FALSE(weights.linear("a")->bias().defined());
}

TEST_CASE("a weight is prepared once, whoever asks and from however many threads") {
  at::manual_seed(42);
  const ModelWeights weights = weights_of({{"w", at::randn({64, 64})}}, {parameter("m.weight", {64, 64}, "w")});
  const ModelWeights copy = weights;
  std::vector<PreparedWeightPtr> seen(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < seen.size(); ++i)
    threads.emplace_back([&, i] { seen[i] = (i % 2 ? weights : copy).linear("m"); });
  for (std::thread& thread : threads) thread.join();
  for (const PreparedWeightPtr& weight : seen) CHECK(weight == seen[0]);
}

TEST_CASE("patched weights add the change in float32, keep their own copy and share the rest") {
  const Tensor base = at::full({2, 2}, 1.0f, at::kBFloat16);
  const ModelWeights weights = weights_of(
      {{"w", base}, {"b", at::zeros({2})}, {"n", at::ones({2})}},
      {parameter("m.weight", {2, 2}, "w"), parameter("m.bias", {2}, "b"), parameter("n.weight", {2}, "n")}, "float32");
  const ModelWeights once = weights.patched({{"m.weight", at::full({2, 2}, 1e-3f)}});
  const ModelWeights twice = once.patched({{"m.bias", at::ones({2})}});
  CHECK(at::equal(once.linear("m")->weight(), at::full({2, 2}, 1.0f + 1e-3f)));  // bfloat16 would have lost it
  CHECK(at::equal(weights.linear("m")->weight(), at::ones({2, 2})));
  CHECK(at::equal(twice.linear("m")->weight(), once.linear("m")->weight()));
  CHECK(at::equal(twice.linear("m")->bias(), at::ones({2})));
  CHECK(at::equal(once.linear("m")->bias(), at::zeros({2})));
  CHECK(twice.tensor("n.weight").is_same(weights.tensor("n.weight")));
  const ModelWeights other = once.patched({{"n.weight", at::ones({2})}});
  CHECK(other.linear("m") == once.linear("m"));
}

TEST_CASE("a change that is made later is that change, of the weight as its file has it") {
  at::manual_seed(44);
  const Tensor base = at::randn({8, 6}).to(at::kHalf), change = at::randn({8, 6}), other = at::randn({8, 6});
  const ModelWeights plain = weights_of({{"w", base}}, {parameter("m.weight", {8, 6}, "w")});
  int made = 0;
  const auto late = [&](const Tensor& numbers) {
    return Delta({8, 6}, [&made, &base, numbers](const Tensor& weight) {
      ++made;
      CHECK(at::equal(weight, base));  // whatever else changes it
      return numbers;
    });
  };
  const ModelWeights once = plain.patched({{"m.weight", late(change)}});
  const ModelWeights twice = once.patched({{"m.weight", other}}).patched({{"m.weight", late(other)}});
  CHECK(made == 0);
  CHECK(at::equal(once.linear("m")->weight(), base.to(at::kFloat) + change));
  CHECK(at::equal(once.linear("m")->weight(), plain.patched({{"m.weight", change}}).linear("m")->weight()));
  CHECK(made == 1);
  CHECK(at::equal(twice.linear("m")->weight(), base.to(at::kFloat) + (change + other + other)));
  CHECK(made == 3);
  const Tensor ids = at::tensor(std::vector<int64_t>{5, 0});
  CHECK(at::equal(once.rows("m.weight", ids), (base.to(at::kFloat) + change).index_select(0, ids)));
  CHECK(at::equal(plain.linear("m")->weight(), base.to(at::kFloat)));
}

TEST_CASE("changes are added to large weights, and to views of stacked and transposed ones, number by number") {
  at::manual_seed(45);
  const Tensor large = at::randn({3000, 400}).to(at::kHalf), change = at::randn({3000, 400}),
               matrix = at::randn({400, 3000}), row = at::randn({1, 1 << 21});
  Parameter second = parameter("v.weight", {2, 400}, "w");
  second.stacked = true, second.first_row = 7;
  const ModelWeights weights =
      weights_of({{"w", large}, {"t", matrix}, {"r", row}},
                 {parameter("a.weight", {3000, 400}, "w"), second, parameter("r.weight", {1, 1 << 21}, "r"),
                  parameter("t.weight", {3000, 400}, "t", Parameter::Form::transpose)})
          .patched({{"a.weight", change},
                    {"v.weight", change.narrow(0, 0, 2)},
                    {"t.weight", change},
                    {"r.weight", row}});
  CHECK(at::equal(weights.linear("a")->weight(), large.to(at::kFloat) + change));
  CHECK(at::equal(weights.linear("v")->weight(), large.narrow(0, 7, 2).to(at::kFloat) + change.narrow(0, 0, 2)));
  CHECK(at::equal(weights.linear("t")->weight(), matrix.t() + change));
  CHECK(at::equal(weights.linear("r")->weight(), row + row));
}

TEST_CASE("changes that are made later live one at a time, and none of them beyond its weight's preparation") {
  constexpr int kModules = 6;
  int alive = 0, most = 0, made = 0;
  std::map<std::string, Tensor> tensors;
  std::vector<Parameter> parameters;
  Deltas deltas;
  for (int i = 0; i < kModules; ++i)
    for (const char* end : {".weight", ".bias"}) {
      const std::string name = "m" + std::to_string(i) + end;
      const std::vector<int64_t> shape = name.back() == 's' ? std::vector<int64_t>{3} : std::vector<int64_t>{3, 2};
      tensors[name] = at::ones(shape);
      parameters.push_back(parameter(name, shape, name));
      deltas.emplace(name, Delta(shape, [&, shape](const Tensor&) {
                       ++made;
                       most = std::max(most, ++alive);
                       float* const numbers = new float[6]();
                       return at::from_blob(numbers, shape, [&alive, numbers](void*) {
                         --alive;
                         delete[] numbers;
                       });
                     }));
    }
  const ModelWeights patched = weights_of(tensors, parameters).patched(deltas);
  std::vector<PreparedWeightPtr> prepared;
  for (int i = 0; i < kModules; ++i) prepared.push_back(patched.linear("m" + std::to_string(i)));
  patched.rows("m0.weight", at::empty({0}, at::kLong));
  CHECK(made == 2 * kModules + 1);
  CHECK(most == 1);
  CHECK(alive == 0);
}

TEST_CASE("what is wrong with a change is told at once where it is known, else when it is made") {
  const ModelWeights plain = weights_of({{"w", at::ones({3, 2})}}, {parameter("m.weight", {3, 2}, "w")});
  const auto error = [](const auto& code) {
    const Error thrown = error_of(code);
    CHECK(thrown.code() == ErrorCode::bad_weights);
    CHECK(thrown.place() == "made/model");
    return thrown.sentence();
  };
  const auto made_of = [](Tensor numbers) {
    return Delta({3, 2}, [numbers = std::move(numbers)](const Tensor&) { return numbers; });
  };
  const Delta misshapen({2, 3}, [](const Tensor&) { return at::ones({2, 3}); });
  CHECK(error([&] { plain.patched({{"m.weight", misshapen}}); }) ==
        "a change of 'm.weight' has shape [2, 3], [3, 2] is needed");
  CHECK(says(error([&] { plain.patched({{"n.weight", made_of(at::ones({3, 2}))}}); }), "no weight 'n.weight'"));
  const std::pair<Tensor, const char*> wrongs[] = {{at::ones({6}), "has shape [6]"},
                                                   {at::full({3, 2}, INFINITY), "holds NaN or infinite"},
                                                   {at::ones({3, 2}, at::kLong), "is no tensor of floating"},
                                                   {Tensor(), "is no tensor of floating"}};
  for (const auto& [numbers, sentence] : wrongs) {
    INFO(sentence);
    const ModelWeights patched = plain.patched({{"m.weight", made_of(numbers)}});
    for (int time = 0; time < 2; ++time) {
      CHECK(says(error([&] { patched.linear("m"); }), sentence));
      CHECK(says(error([&] { patched.tensor("m.weight"); }), sentence));
      CHECK(says(error([&] { patched.rows("m.weight", at::empty({0}, at::kLong)); }), sentence));
    }
  }
}

TEST_CASE("rows of a parameter are what the whole one has there, in every type, patched or not") {
  at::manual_seed(43);
  const Tensor table = at::randn({50, 6}), change = at::randn({50, 6}),
               ids = at::tensor(std::vector<int64_t>{3, 49, 3, 0});
  for (at::ScalarType type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble})
    for (const char* dtype : {"float32", "bfloat16"}) {
      const ModelWeights plain = weights_of({{"w", table.to(type)}}, {parameter("e.weight", {50, 6}, "w")}, dtype);
      for (const ModelWeights& weights : {plain, plain.patched({{"e.weight", change}})}) {
        const Tensor rows = weights.rows("e.weight", ids);
        CHECK(rows.scalar_type() == weights.backend().dtype());
        CHECK(at::equal(rows, weights.tensor("e.weight").index_select(0, ids)));
        CHECK(weights.rows("e.weight", at::empty({0}, at::kLong)).sizes() == at::IntArrayRef({0, 6}));
      }
    }
}

TEST_CASE("damage anywhere in a parameter is seen whichever rows are asked for, each time") {
  Tensor table = at::ones({50, 6});
  table[49][5] = std::numeric_limits<float>::infinity();
  const ModelWeights weights = weights_of({{"w", table}}, {parameter("e.weight", {50, 6}, "w")});
  for (int time = 0; time < 2; ++time)
    CHECK(says(error_of([&] { weights.rows("e.weight", at::empty({0}, at::kLong)); }).sentence(),
               "tensor 'w' holds NaN or infinite numbers"));
}

TEST_CASE("weights that are missing, misshapen, of integers or not finite are errors that name the tensor") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (at::ScalarType type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble})
    for (float bad : {nan, -nan, inf, -inf}) {
      const ModelWeights weights =
          weights_of({{"w", at::tensor({0.0f, bad, 1.0f}).to(type)}}, {parameter("n.weight", {3}, "w")});
      const Error error = error_of([&] { weights.tensor("n.weight"); });
      CHECK(error.code() == ErrorCode::bad_weights);
      CHECK(error.place() == "memory");
      CHECK(says(error.sentence(), "tensor 'w' holds NaN or infinite numbers"));
    }
  const ModelWeights weights = weights_of(
      {{"w", at::ones({3})}, {"i", at::ones({3}, at::kLong)}, {"top", at::full({3}, 65504.0f).to(at::kHalf)}},
      {parameter("a.weight", {4}, "w"), parameter("b.weight", {3}, "i"), parameter("c.weight", {3}, "top")});
  CHECK(says(error_of([&] { weights.tensor("a.weight"); }).sentence(), "[3], floating point [4] is needed"));
  CHECK(says(error_of([&] { weights.tensor("b.weight"); }).sentence(), "floating point [3] is needed"));
  CHECK(says(error_of([&] { weights.linear("d"); }).sentence(), "no weight 'd.weight'"));
  CHECK(weights.tensor("c.weight").max().item<float>() == 65504);  // float16's largest is finite
  CHECK(says(error_of([&] { weights.patched({{"c.weight", at::full({3}, nan)}}); }).sentence(), "holds NaN"));
}

TEST_CASE("parameters are matched by the preferred name that has the right shape") {
  const auto list = std::vector<WantedParameter>{
      wanted("a.weight", {4, 3}, {{"ldm", "a", Parameter::Form::flatten_1x1}, {"ldm", "a"}, {"diffusers", "a.weight"}}),
      wanted("b.weight", {2}, {{"diffusers", "b.weight"}, {"ldm", "b"}})};
  const Recognition recognition =
      matched({{"a", at::ones({4, 3})}, {"b", at::ones({2})}, {"passed", at::ones({1})}}, list);
  CHECK(recognition.faults.empty());
  CHECK(recognition.layout == "ldm");
  CHECK(recognition.parameters.at(0).form == Parameter::Form::as_is);
  CHECK(recognition.parameters.at(1).source == "b");
  CHECK(recognition.parameters.at(1).alias == "b");
  CHECK(recognition.claimed == std::set<std::string>{"a", "b", "passed"});
  CHECK(recognition.facts.at("parameters") == 14);
  CHECK(recognition.facts.at("dtypes") == Json({"F32"}));
}

TEST_CASE("a stack with rows too few or too many, and weights of integers, are faults") {
  std::vector<WantedParameter> list;
  for (int64_t k = 0; k < 3; ++k)
    list.push_back(wanted("p" + std::to_string(k), {2, 5}, {{"ldm", "stack", Parameter::Form::as_is, 2 * k, true}}));
  CHECK(matched({{"stack", at::ones({6, 5})}}, list).faults.empty());
  CHECK(says(sentences(matched({{"stack", at::ones({5, 5})}}, list).faults),
             "'stack' has shape [5, 5], [2, 5] for each part is needed"));
  CHECK(says(sentences(matched({{"stack", at::ones({8, 5})}}, list).faults), "'stack' has 8 rows, 6 are needed"));
  CHECK(says(sentences(matched({{"stack", at::ones({6})}}, list).faults), "'stack' has shape [6]"));
  CHECK(says(sentences(matched({{"a", at::ones({2}, at::kInt)}}, {wanted("a", {2}, {{"diffusers", "a"}})}).faults),
             "'a' has the type I32"));
}

TEST_CASE("a parameter that no tensor is found for is listed as a file of the layout would have it") {
  const auto list = std::vector<WantedParameter>{
      wanted("a.weight", {2}, {{"diffusers", "a.weight"}, {"ldm", "a"}}),
      wanted("b.weight", {4, 3}, {{"diffusers", "b.weight"}, {"ldm", "b", Parameter::Form::flatten_1x1}})};
  const Recognition part = matched({{"a", at::ones({2})}}, list);
  REQUIRE(part.parameters.size() == 2);
  CHECK(part.parameters.at(1).source == "b");
  CHECK(part.parameters.at(1).form == Parameter::Form::flatten_1x1);
  CHECK(part.facts.at("parameters") == 2);  // those that are there
  const Recognition none = matched({}, list);
  REQUIRE(none.parameters.size() == 2);
  CHECK(none.parameters.at(1).source == "b.weight");
  CHECK(none.faults.size() == 2);
}

TEST_CASE("of very many faults the first are told and the rest are counted") {
  std::vector<WantedParameter> list;
  std::map<std::string, Tensor> strangers;
  for (int i = 0; i < 100; ++i) {
    list.push_back(wanted("wanted" + std::to_string(i), {2}, {{"diffusers", "wanted" + std::to_string(i)}}));
    strangers["stranger" + std::to_string(i)] = at::ones({1});
  }
  const Recognition recognition = matched(strangers, list);
  CHECK(recognition.faults.size() == 9);
  CHECK(says(sentences(recognition.faults), "and 92 more tensors are missing"));
  REQUIRE(recognition.warnings.size() == 1);  // those that nobody wants refuse nothing
  CHECK(says(recognition.warnings[0].sentence, "100 tensors are not used"));
  CHECK(says(recognition.warnings[0].sentence, "'stranger0', 'stranger1', 'stranger10', 'stranger11' and 96 more"));
}
