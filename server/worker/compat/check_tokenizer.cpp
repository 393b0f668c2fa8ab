#include <algorithm>

#include "server/worker/compat/compat.h"

namespace alice {
namespace {

Tensor ids_tensor(const std::vector<int64_t>& ids) { return at::tensor(ids, at::kLong); }

/// The golden's models carry the vocabulary; the second text encoder's pads differently.
struct Tokenizers {
  std::shared_ptr<const TextEncoder> first, second;
};

/// Null where the model has none, or one that no plugin implements.
std::shared_ptr<const TextEncoder> tokenizer_of(CompatRun& run, const std::string& model, const std::string& part) {
  try {
    return load_text_encoder(run, model, part);
  } catch (const Skip&) {
    return nullptr;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::not_found) throw;
    return nullptr;
  }
}

Tokenizers load_tokenizers(CompatRun& run) {
  Tokenizers out;
  for (const std::string& model : run.golden.models()) {
    if (!out.first) out.first = tokenizer_of(run, model, "text_encoder");
    if (!out.second) out.second = tokenizer_of(run, model, "text_encoder_2");
  }
  return out;
}

std::string case_name(size_t index, const std::string& text) {
  constexpr size_t kShown = 40;
  std::string shown = text.substr(0, kShown);
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
  return std::to_string(index) + " \"" + shown + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace

void check_tokenizer(CompatRun& run, const GoldenTable& table) {
  const Tokenizers tokenizers = load_tokenizers(run);
  const Json& cases = table.cases();
  for (size_t i = 0; i < cases.size(); ++i) {
    const Json& one = cases[i];
    const std::string text = one.at("text").get<std::string>();
    run_case(run, "tokenizer", case_name(i, text), true, [&](CompatCase& check) {
      if (!tokenizers.first) throw Skip{"the golden folder has no model with a tokenizer"};
      const TokenIds ids = tokenizers.first->tokenize(text);
      run.golden.keep("tokenizer/ids.safetensors", std::to_string(i) + "/ids", ids_tensor(ids.all));
      check.equal("ids", ids_tensor(ids.all), ids_tensor(one.at("ids").get<std::vector<int64_t>>()));
      check.equal("padded", ids_tensor(ids.padded), ids_tensor(one.at("padded").get<std::vector<int64_t>>()));
      if (one.contains("padded_2") && tokenizers.second)
        check.equal("padded_2", ids_tensor(tokenizers.second->tokenize(text).padded),
                    ids_tensor(one.at("padded_2").get<std::vector<int64_t>>()));
    });
  }
}

}  // namespace alice
