// Textual inversions: the ids that the reference gives their vectors, and what its text encoders make of them.

#include "core/base/text.h"
#include "core/host/make/weighting.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFolder = "tiny_embeddings";

/// The case whose key `tensor` begins with; null when there is none.
const Json* case_of(const GoldenTable& table, const std::string& tensor) {
  for (const Json& one : table.cases())
    if (starts_with(tensor, one.at("key").get<std::string>() + "/")) return &one;
  return nullptr;
}

/// The number of the vector in its word.
int64_t number_of(const Tensor& vector, const Embedding& embedding, const std::string& role) {
  const Tensor& all = embedding.vectors.at(role);
  for (int64_t i = 0; i < all.size(0); ++i)
    if (all[i].equal(vector)) return i;
  throw Error(ErrorCode::internal, embedding.name, "has not the vector that a prompt was given");
}

/// As the reference numbers them: those of vectors from `first_new` on, in their order.
Tensor ids_of(const TokenWindow& window, const Embedding& embedding, const std::string& role, int64_t first_new) {
  std::vector<int64_t> ids = window.ids;
  for (const auto& [position, vector] : window.vectors)
    ids[static_cast<size_t>(position)] = first_new + number_of(vector, embedding, role);
  return at::tensor(ids, at::kLong).unsqueeze(0);
}

Tensor compute(const Model& model, const Embedding& embedding, const Json& one, const std::string& what) {
  const bool is_negative = starts_with(what, "negative_");
  const std::string prompt = one.at(is_negative ? "negative_prompt" : "prompt").get<std::string>();
  const std::vector<Embedding> embeddings = {embedding};
  std::vector<Tensor> tokens;
  Tensor pooled;
  for (const TextUse& use : model.texts) {
    std::vector<std::string> warnings;
    const std::vector<WeightedWindow> windows =
        windows_of({*model.text_encoders.at(use.role), use.role, embeddings}, prompt, PromptStyle::plain, "/prompt",
                   warnings);
    if (what == "ids")
      return ids_of(windows.front().tokens, embedding, use.role, one.at("first_new_id").get<int64_t>());
    const TextEncoding encoded = encode_texts(model, use, 0, {{windows}}, PromptStyle::plain, "/prompt").front();
    tokens.push_back(encoded.tokens.to(at::kFloat));
    pooled = encoded.pooled;
  }
  if (what == "pooled" || what == "negative_pooled") return pooled;
  if (what == "embeds" || what == "prompt_embeds" || what == "negative_embeds") return at::cat(tokens, -1);
  throw Skip{"'" + what + "' is no output that is known"};
}

}  // namespace

Embedding embedding_of(CompatRun& run, const Model& model, const std::string& token, const std::string& file) {
  return load_embedding(run.composer.registry(), model, token, run.golden.model(kFolder) / file);
}

void check_embeddings(CompatRun& run, const GoldenTable& table) {
  const SafetensorsFile& file = table.tensors();
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    run_case(run, "text", table.id(key), run.scope.parts.count("text") > 0, [&](CompatCase& check) {
      const Json* one = case_of(table, key);
      if (!one) throw Skip{"the key belongs to no case"};
      const std::filesystem::path folder = run.golden.model(table.model_of(key, *one));
      const auto model = run.composer.compose(std::filesystem::absolute(folder).string(), true);
      const Embedding embedding =
          embedding_of(run, *model, one->at("token").get<std::string>(), one->at("file").get<std::string>());
      const Tensor ours = compute(*model, embedding, *one, key.substr(key.find('/') + 1));
      run.golden.keep(table.tensor_file(), key, ours);
      const Tensor golden = file.tensor(key);
      if (golden.scalar_type() == at::kLong)
        check.equal("ids", ours, golden);
      else
        check.close("output", ours, golden, kComponentTolerance);
    });
  }
}

}  // namespace alice
