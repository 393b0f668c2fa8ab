#include "core/base/text.h"
#include "server/worker/compat/reference_prompts.h"

namespace alice {
namespace {

int64_t trailing_number(const std::string& name, const std::string& prefix) {
  return std::stoll(name.substr(prefix.size()));
}

/// The encoder that the head of an output's name means: "te1/" and "te2/" of a model with two.
std::string part_of(const std::string& what) {
  return starts_with(what, "te2/") ? "text_encoder_2" : "text_encoder";
}

/// `stem` is the key up to its output, "FAMILY/0/"; `what` the output: "last", "hidden2", "clip_skip1",
/// "te2/text_embeds", "negative_pooled", ...
Tensor compute(const GoldenTable& table, Encoders& encoders, const std::string& model, const std::string& stem,
               const std::string& prompt, const std::string& what) {
  const std::string negative = table.json().value("negative", "");
  if (what == "prompt_embeds") return encode_pair(encoders, model, {prompt, prompt}, 0).tokens;
  if (what == "pooled") return encode_pair(encoders, model, {prompt, prompt}, 0).pooled;
  if (what == "negative_embeds") return encode_pair(encoders, model, {negative, negative}, 0).tokens;
  if (what == "negative_pooled") return encode_pair(encoders, model, {negative, negative}, 0).pooled;

  const size_t slash = what.find('/');
  const std::string head = slash == std::string::npos ? "" : what.substr(0, slash + 1);
  const std::string name = what.substr(head.size());
  const TextEncoder& encoder = encoders.get(model, part_of(what));
  if (name == "ids") return at::tensor(encoder.tokenize(prompt).padded, at::kLong).unsqueeze(0);

  const Tensor ids = table.tensors().tensor(stem + head + "ids");
  if (name == "last") return encoder.encode(ids).tokens;
  if (name == "penultimate") return encoder.encode(ids, 1, false).tokens;
  if (name == "text_embeds") return encoder.encode(ids).pooled;
  if (starts_with(name, "clip_skip")) return encoder.encode(ids, trailing_number(name, "clip_skip")).tokens;
  if (starts_with(name, "hidden"))
    return encoder.hidden_states(ids).at(static_cast<size_t>(trailing_number(name, "hidden")));
  throw Skip{"'" + what + "' is no output that is known"};
}

}  // namespace

void check_text(CompatRun& run, const GoldenTable& table) {
  Encoders encoders(run);
  const SafetensorsFile& file = table.tensors();
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const std::string model = table.model_of(key), rest = table.without_family(key);
    const size_t what_at = rest.find('/') + 1;
    const std::string what = rest.substr(what_at);
    run_case(run, "text", table.id(key), part_in_scope(run, model, part_of(what)), [&](CompatCase& check) {
      if (what_at == 0) throw Skip{"the key is no NUMBER/OUTPUT"};
      encoders.get(model, part_of(what));  // the reason of a skip, where there is none
      const bool is_number = rest.find_first_not_of("0123456789") == what_at - 1;
      if (!is_number) throw Skip{"'" + rest.substr(0, what_at - 1) + "' is no number of a prompt"};
      const std::string prompt = table.json().at("prompts").at(std::stoul(rest)).get<std::string>();
      const Tensor ours = compute(table, encoders, model, key.substr(0, key.size() - what.size()), prompt, what);
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
