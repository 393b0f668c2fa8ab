#include <map>

#include "core/base/text.h"
#include "server/worker/compat/compat.h"

namespace alice {
namespace {

constexpr const char* kFile = "text/text.safetensors";

/// Text encoders of a case's family, loaded once.
class Encoders {
 public:
  explicit Encoders(CompatRun& run) : run_(run) {}
  const TextEncoder& get(const std::string& family, const std::string& part) {
    auto& encoder = encoders_[family + "/" + part];
    if (!encoder) encoder = load_text_encoder(run_, family, part);
    return *encoder;
  }

 private:
  CompatRun& run_;
  std::map<std::string, std::shared_ptr<const TextEncoder>> encoders_;
};

int64_t trailing_number(const std::string& name, const std::string& prefix) {
  return std::stoll(name.substr(prefix.size()));
}
/// Both encoders of a family with two: tokens side by side, the second one's pooled text.
TextEncoding encode_with_both(Encoders& encoders, const std::string& family, const std::string& text) {
  TextEncoding both;
  std::vector<Tensor> tokens;
  for (const char* part : {"text_encoder", "text_encoder_2"}) {
    const TextEncoder& encoder = encoders.get(family, part);
    const TextEncoding one =
        encoder.encode(at::tensor(encoder.tokenize(text).padded, at::kLong).unsqueeze(0), 1, false);
    tokens.push_back(one.tokens.to(at::kFloat));
    both.pooled = one.pooled;
  }
  both.tokens = at::cat(tokens, -1);
  return both;
}

/// `what` is the key without family and number: "last", "hidden2", "clip_skip1", "te2/text_embeds", "negative_pooled",
/// ...
Tensor compute(CompatRun& run, Encoders& encoders, const std::string& family, const std::string& number,
               const std::string& what) {
  const std::string stem = family + "/" + number + "/";
  const Json& texts = run.golden.json("text/text.json");
  const std::string prompt = texts.at("prompts").at(std::stoul(number)).get<std::string>();
  if (what == "prompt_embeds") return encode_with_both(encoders, family, prompt).tokens;
  if (what == "pooled") return encode_with_both(encoders, family, prompt).pooled;
  if (what == "negative_embeds")
    return encode_with_both(encoders, family, texts.at("negative").get<std::string>()).tokens;
  if (what == "negative_pooled")
    return encode_with_both(encoders, family, texts.at("negative").get<std::string>()).pooled;

  const size_t slash = what.find('/');
  const std::string head = slash == std::string::npos ? "" : what.substr(0, slash + 1);  // "te1/", "te2/"
  const std::string name = what.substr(head.size());
  const TextEncoder& encoder = encoders.get(family, head == "te2/" ? "text_encoder_2" : "text_encoder");
  if (name == "ids") return at::tensor(encoder.tokenize(prompt).padded, at::kLong).unsqueeze(0);

  const Tensor ids = run.golden.tensors(kFile).tensor(stem + head + "ids");
  if (name == "last") return encoder.encode(ids).tokens;
  if (name == "penultimate") return encoder.encode(ids, 1, false).tokens;
  if (name == "text_embeds") return encoder.encode(ids).pooled;
  if (starts_with(name, "clip_skip")) return encoder.encode(ids, trailing_number(name, "clip_skip")).tokens;
  if (starts_with(name, "hidden"))
    return encoder.hidden_states(ids).at(static_cast<size_t>(trailing_number(name, "hidden")));
  throw Skip{"'" + what + "' is no output that is known"};
}

}  // namespace

void check_text(CompatRun& run) {
  Encoders encoders(run);
  const SafetensorsFile& file = run.golden.tensors(kFile);
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const std::string family = family_of(key);
    run_case(run, "text", key, run.scope.families.count(family), [&](CompatCase& check) {
      const size_t number_at = family.size() + 1;
      const size_t what_at = key.find('/', number_at);
      if (what_at == std::string::npos) throw Skip{"the key is no FAMILY/NUMBER/OUTPUT"};
      const Tensor ours =
          compute(run, encoders, family, key.substr(number_at, what_at - number_at), key.substr(what_at + 1));
      run.golden.keep(kFile, key, ours);
      const Tensor golden = file.tensor(key);
      if (golden.scalar_type() == at::kLong)
        check.equal("ids", ours, golden);
      else
        check.close("output", ours, golden, kComponentTolerance);
    });
  }
}

}  // namespace alice
