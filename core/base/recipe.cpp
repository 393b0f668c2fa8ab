#include "core/base/recipe.h"

#include <algorithm>

namespace alice {
namespace {

constexpr const char* kMadeWith = "made_with";

/// The members of "made_with" that hold one value each.
struct Words {
  std::string version, sampler, schedule_type;
};

const OptionTable<Words>& word_options() {
  static const auto table = OptionTable<Words>()
                                .text("version", &Words::version, "ALICE's version")
                                .text("sampler", &Words::sampler, "the scheduler's display name")
                                .text("schedule_type", &Words::schedule_type, "how its steps are spread, in its name");
  return table;
}

struct Hash {
  std::string name, sha256;
};

const OptionTable<Hash>& hash_options() {
  static const auto table = OptionTable<Hash>()
                                .text("name", &Hash::name, "whose")
                                .text("sha256", &Hash::sha256, "of the file's bytes");
  return table;
}

const OptionTable<PartRecipe>& part_options() {
  using P = PartRecipe;
  static const auto table = OptionTable<P>()
                                .text("plugin", &P::plugin, "the factory's id")
                                .text("source", &P::source, "a file or folder that is not the model's")
                                .text("sha256", &P::sha256, "of that file or folder");
  return table;
}

struct BackendWords {
  std::string plugin, dtype;
};

const OptionTable<BackendWords>& backend_options() {
  using B = BackendWords;
  static const auto table = OptionTable<B>()
                                .text("plugin", &B::plugin, "the backend's id")
                                .text("dtype", &B::dtype, "the precision that it computed in");
  return table;
}

const OptionTable<MachineRecipe>& machine_options() {
  using M = MachineRecipe;
  static const auto table = OptionTable<M>()
                                .text("instructions", &M::instructions, "the processor's")
                                .integer("threads", &M::threads, {0, 65536}, "that computed")
                                .text("libtorch", &M::libtorch, "its version");
  return table;
}

/// A member of `object`, or null.
Json member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? Json(nullptr) : *found;
}

/// A reader of one "made_with"; later versions may say more, which is passed over.
class Reader {
 public:
  Reader(std::string place, Faults& faults) : place_(std::move(place)), faults_(faults) {}

  template <class T>
  T read(const OptionTable<T>& table, const Json& object, const std::string& name) {
    return table.read(object, UnknownKeys::pass_over, json_places(place_ + name), faults_);
  }

  Json options_in(const Json& object, const std::string& name) {
    const Json options = member(object, "options");
    if (options.is_object()) return options;
    if (!options.is_null()) faults_.add(place_ + name + "/options", "must be an object");
    return Json::object();
  }

 private:
  std::string place_;
  Faults& faults_;
};

void read_made_with(const Json& made, Reader reader, Recipe& recipe) {
  const Words words = reader.read(word_options(), made, "");
  recipe.version = words.version, recipe.sampler = words.sampler, recipe.schedule_type = words.schedule_type;
  recipe.model_sha256 = reader.read(hash_options(), member(made, "model"), "/model").sha256;
  recipe.refiner_sha256 = reader.read(hash_options(), member(made, "refiner"), "/refiner").sha256;
  recipe.machine = reader.read(machine_options(), member(made, "machine"), "/machine");
  const Json backend = member(made, "backend"), parts = member(made, "parts"), loras = member(made, "loras");
  const BackendWords of_backend = reader.read(backend_options(), backend, "/backend");
  recipe.backend = of_backend.plugin, recipe.dtype = of_backend.dtype;
  recipe.backend_options = reader.options_in(backend, "/backend");
  if (parts.is_object())
    for (const auto& part : parts.items()) {
      const std::string name = "/parts/" + part.key();
      recipe.parts[part.key()] = reader.read(part_options(), part.value(), name);
      recipe.parts[part.key()].options = reader.options_in(part.value(), name);
    }
  if (loras.is_array())
    for (const Json& lora : loras)
      recipe.lora_sha256.push_back(reader.read(hash_options(), lora, "/loras").sha256);
  if (const Json embeddings = member(made, "embeddings"); embeddings.is_array())
    for (const Json& embedding : embeddings) {
      const Hash hash = reader.read(hash_options(), embedding, "/embeddings");
      recipe.embedding_sha256[hash.name] = hash.sha256;
    }
}

/// One may be the other's beginning: A1111 writes ten digits.
bool same_hash(const std::string& a, const std::string& b) {
  const size_t digits = std::min(a.size(), b.size());
  return digits == 0 || a.compare(0, digits, b, 0, digits) == 0;
}

std::string brief_hash(const std::string& hash) { return hash.substr(0, 10); }

/// Compares what was recorded with what is, and keeps the sentences.
class Comparison {
 public:
  void files(const std::string& what, const std::string& recorded, const std::string& now) {
    if (!same_hash(recorded, now))
      sentences.push_back(what + " is another file than the picture was made with: its SHA-256 begins with " +
                          brief_hash(now) + ", recorded is " + brief_hash(recorded));
  }
  void words(const std::string& what, const std::string& recorded, const std::string& now) {
    if (recorded.empty() || now.empty() || recorded == now) return;
    sentences.push_back("made with " + what + recorded + ", drawn now with " + what + now +
                        ": the bytes may differ");
  }

  std::vector<std::string> sentences;
};

std::string backend_words(const Recipe& recipe) {
  if (recipe.backend.empty()) return "";
  const std::string options = recipe.backend_options.empty() ? "" : " " + dump_json(recipe.backend_options);
  return recipe.backend + (recipe.dtype.empty() ? "" : " in " + recipe.dtype) + options;
}

std::string threads_words(const MachineRecipe& machine) {
  return machine.threads == 0 ? "" : std::to_string(machine.threads) + (machine.threads == 1 ? " thread" : " threads");
}

}  // namespace

Json write_recipe(const Recipe& recipe) {
  Json parts = Json::object(), loras = Json::array(), embeddings = Json::array();
  for (const auto& [name, part] : recipe.parts) {
    parts[name] = part_options().write(part);
    parts[name]["options"] = part.options;
  }
  for (size_t i = 0; i < recipe.request.loras.size(); ++i)
    loras.push_back({{"name", recipe.request.loras[i].name},
                     {"sha256", i < recipe.lora_sha256.size() ? recipe.lora_sha256[i] : ""}});
  for (const auto& [name, sha256] : recipe.embedding_sha256)
    embeddings.push_back({{"name", name}, {"sha256", sha256}});
  Json made = word_options().write({recipe.version, recipe.sampler, recipe.schedule_type});
  made["model"] = {{"sha256", recipe.model_sha256}};
  if (!recipe.refiner_sha256.empty()) made["refiner"] = {{"sha256", recipe.refiner_sha256}};
  made["parts"] = parts;
  made["loras"] = loras;
  if (!embeddings.empty()) made["embeddings"] = embeddings;
  made["backend"] = backend_options().write({recipe.backend, recipe.dtype});
  made["backend"]["options"] = recipe.backend_options;
  made["machine"] = machine_options().write(recipe.machine);
  Json object = write_generate_request(recipe.request);
  object[kMadeWith] = std::move(made);
  return object;
}

Recipe read_recipe(const Json& object, const std::string& place) {
  Faults faults;
  Recipe recipe;
  Json request = object;
  Json made;
  if (request.is_object()) {
    made = member(request, kMadeWith);
    request.erase(kMadeWith);
  }
  recipe.request = read_generate_request(request, json_places(place), faults);
  if (!recipe.request.prompt_style) recipe.request.prompt_style = PromptStyle::plain;  // older than the others
  if (!made.is_null()) read_made_with(made, Reader(place + "/" + kMadeWith, faults), recipe);
  faults.throw_if_any(ErrorCode::bad_request);
  return recipe;
}

std::vector<std::string> differences(const Recipe& recorded, const Recipe& now) {
  Comparison comparison;
  if (recorded.request.model == now.request.model)
    comparison.files("the model " + now.request.model, recorded.model_sha256, now.model_sha256);
  if (recorded.request.refiner == now.request.refiner)
    comparison.files("the refiner " + now.request.refiner.value_or(""), recorded.refiner_sha256, now.refiner_sha256);
  for (const auto& [name, part] : recorded.parts)
    if (const auto found = now.parts.find(name); found != now.parts.end())
      comparison.files("the " + name + " " + found->second.source, part.sha256, found->second.sha256);
  const auto& loras = now.request.loras;
  const size_t hashes = std::min({recorded.lora_sha256.size(), now.lora_sha256.size(), loras.size()});
  for (size_t i = 0; i < hashes && i < recorded.request.loras.size(); ++i)
    if (loras[i].name == recorded.request.loras[i].name)
      comparison.files("the LoRA " + loras[i].name, recorded.lora_sha256[i], now.lora_sha256[i]);
  for (const auto& [name, sha256] : recorded.embedding_sha256)
    if (const auto found = now.embedding_sha256.find(name); found != now.embedding_sha256.end())
      comparison.files("the embedding " + name, sha256, found->second);
  comparison.words("the backend ", backend_words(recorded), backend_words(now));
  comparison.words("a processor with ", recorded.machine.instructions, now.machine.instructions);
  comparison.words("", threads_words(recorded.machine), threads_words(now.machine));
  comparison.words("libtorch ", recorded.machine.libtorch, now.machine.libtorch);
  comparison.words("ALICE ", recorded.version, now.version);
  return comparison.sentences;
}

}  // namespace alice
