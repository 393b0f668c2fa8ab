#include "server/worker/compat/reference_prompts.h"

namespace alice {
namespace {

constexpr const char* kFirst = "text_encoder";
constexpr const char* kSecond = "text_encoder_2";
constexpr const char* kThird = "text_encoder_3";

bool names_part(const Json& model_index, const char* part) {
  const auto found = model_index.find(part);
  return found != model_index.end() && found->is_array() && !found->empty() && !found->at(0).is_null();
}

TextEncoding encode_one(const TextEncoder& encoder, const std::string& prompt, int64_t clip_skip, bool final_norm) {
  return encoder.encode(at::tensor(encoder.tokenize(prompt).padded, at::kLong).unsqueeze(0), clip_skip, final_norm);
}

}  // namespace

const TextEncoder& Encoders::get(const std::string& model, const std::string& part) {
  auto& encoder = encoders_[model + "/" + part];
  if (!encoder) encoder = load_text_encoder(run_, model, part);
  return *encoder;
}

std::vector<std::string> Encoders::parts(const std::string& model) {
  const Json& index = run_.golden.model_index(model);
  if (names_part(index, kThird)) throw Skip{"pipelines with three text encoders are not built"};
  std::vector<std::string> parts;
  for (const char* part : {kFirst, kSecond})
    if (names_part(index, part)) parts.push_back(part);
  return parts;
}

TextEncoding encode_pair(Encoders& encoders, const std::string& model, const PromptPair& prompt, int64_t clip_skip) {
  const std::vector<std::string> parts = encoders.parts(model);
  if (parts == std::vector<std::string>{kFirst})
    return encode_one(encoders.get(model, kFirst), prompt.first, clip_skip, true);
  TextEncoding both;
  std::vector<Tensor> tokens;
  for (const std::string& part : parts) {
    const std::string& text = part == kSecond ? prompt.second : prompt.first;
    const TextEncoding one = encode_one(encoders.get(model, part), text, clip_skip + 1, false);
    tokens.push_back(one.tokens.to(at::kFloat));
    both.pooled = one.pooled;
  }
  both.tokens = at::cat(tokens, -1);
  return both;
}

}  // namespace alice
