#include "server/worker/compat/reference_prompts.h"

namespace alice {
namespace {

constexpr const char* kZeroRule = "force_zeros_for_empty_prompt";

std::string text_or(const Json& one, const char* name, const std::string& otherwise) {
  const auto found = one.find(name);
  return found != one.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

/// The case whose key `tensor` begins with, the longest; null when there is none.
const Json* case_of(const GoldenTable& table, const std::string& tensor) {
  const Json* found = nullptr;
  size_t longest = 0;
  for (const Json& one : table.cases()) {
    const std::string key = one.at("key").get<std::string>() + "/";
    if (tensor.rfind(key, 0) == 0 && key.size() > longest) found = &one, longest = key.size();
  }
  return found;
}

/// No negative prompt is zeros where the pipeline says so, else the empty text; clip_skip is the prompt's alone.
TextEncoding encode_negative(CompatRun& run, Encoders& encoders, const std::string& model, const Json& one) {
  const std::string negative = text_or(one, "negative_prompt", "");
  const TextEncoding encoded =
      encode_pair(encoders, model, {negative, text_or(one, "negative_prompt_2", negative)}, 0);
  const bool is_absent = one.value("negative_prompt", Json()).is_null();
  const bool zeros = one.value(kZeroRule, run.golden.model_index(model).value(kZeroRule, false));
  if (!is_absent || !zeros) return encoded;
  return {at::zeros_like(encoded.tokens), encoded.pooled.defined() ? at::zeros_like(encoded.pooled) : Tensor()};
}

/// `what`: "prompt_embeds", "pooled", "negative_embeds", "negative_pooled", after a clip_skip ("None/", "1/") or none.
Tensor compute(CompatRun& run, Encoders& encoders, const std::string& model, const Json& one, const std::string& what) {
  encoders.parts(model);  // the reason of a skip, where it has too many
  const size_t slash = what.find('/');
  const std::string skip = slash == std::string::npos ? "" : what.substr(0, slash);
  const std::string name = slash == std::string::npos ? what : what.substr(slash + 1);
  const int64_t clip_skip = skip.empty() ? one.value("clip_skip", int64_t{0}) : skip == "None" ? 0 : std::stoll(skip);
  const std::string prompt = one.at("prompt").get<std::string>();
  if (one.contains("max_sequence_length")) throw Skip{"text encoders with a length of their own are not built"};
  const auto positive = [&] {
    return encode_pair(encoders, model, {prompt, text_or(one, "prompt_2", prompt)}, clip_skip);
  };
  if (name == "prompt_embeds") return positive().tokens;
  if (name == "pooled") return positive().pooled;
  if (name == "negative_embeds") return encode_negative(run, encoders, model, one).tokens;
  if (name == "negative_pooled") return encode_negative(run, encoders, model, one).pooled;
  throw Skip{"'" + what + "' is no output that is known"};
}

bool encoders_in_scope(CompatRun& run, Encoders& encoders, const std::string& model) {
  try {
    for (const std::string& part : encoders.parts(model))
      if (!part_in_scope(run, model, part)) return false;
    return true;
  } catch (const Skip&) {  // its cases say so
    return false;
  }
}

}  // namespace

void check_prompt_pairs(CompatRun& run, const GoldenTable& table) {
  Encoders encoders(run);
  const SafetensorsFile& file = table.tensors();
  for (const auto& tensor : file.index().tensors) {
    const std::string& key = tensor.first;
    const Json* one = case_of(table, key);
    const std::string model = table.model_of(key, one ? *one : Json::object());
    run_case(run, "text", table.id(key), encoders_in_scope(run, encoders, model), [&](CompatCase& check) {
      if (!one) throw Skip{"the key belongs to no case"};
      const std::string what = key.substr(one->at("key").get<std::string>().size() + 1);
      const Tensor ours = compute(run, encoders, model, *one, what);
      run.golden.keep(table.tensor_file(), key, ours);
      check.close("output", ours, file.tensor(key), kComponentTolerance);
    });
  }
}

}  // namespace alice
