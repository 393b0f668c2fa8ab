// my_plugin: a text encoder without a vocabulary. A word's hash is its place in a learned table (Weinberger et al.
// 2009, arXiv 0902.2206); its vector, its position and one gated layer are what the UNet attends to.

#include <cctype>

#include "core/api/plugin.h"
#include "core/api/text_encoder.h"

namespace {

using namespace alice;

constexpr int64_t kPadding = 0, kStart = 1, kFirstWord = 2;  // rows of the table
constexpr double kEpsilon = 1e-5;

struct Config {
  int64_t vocabulary = 2048;
  int64_t token_limit = 77;
  int64_t width = 768;
};

Config read_config(const ModelFiles& files) {
  static const auto table =
      OptionTable<Config>()
          .integer("vocabulary", &Config::vocabulary, {kFirstWord + 1, 1 << 20}, "rows of the table of words")
          .integer("token_limit", &Config::token_limit, {2, 1024}, "tokens of a prompt, the start included")
          .integer("width", &Config::width, {1, 1 << 14}, "numbers of a token");
  Faults faults;
  const Config config = table.read(files.config, UnknownKeys::pass_over, config_places(files), faults);
  faults.throw_if_any(ErrorCode::bad_weights);
  return config;
}

/// Letters and digits of ASCII, and every byte of a longer UTF-8 character.
bool is_of_word(char c) { return (c & 0x80) != 0 || std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// FNV-1a (Fowler, Noll and Vo), capitals of ASCII as small letters.
uint64_t hash_of(const std::string& word) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    hash = (hash ^ (byte < 0x80 ? static_cast<unsigned char>(std::tolower(byte)) : byte)) * 1099511628211u;
  }
  return hash;
}

class HashedWords final : public TextEncoder {
 public:
  HashedWords(const Config& config, ModelWeights weights)
      : config_(config), weights_(std::move(weights)), dense_(weights_.linear("dense")) {
    info_.token_limit = config.token_limit;
    info_.width = config.width;
    info_.layers = 1;
    info_.frame = {{kStart}, {}, kPadding};
    info_.vector_width = config.width;
  }

  const TextEncoderInfo& info() const override { return info_; }
  const ModelWeights& weights() const override { return weights_; }

  TokenIds tokenize(const std::string& prompt) const override {
    TokenIds ids;
    ids.all.push_back(kStart);
    const auto limit = static_cast<size_t>(config_.token_limit);
    for (size_t begin = 0, end; begin < prompt.size(); begin = end) {
      for (; begin < prompt.size() && !is_of_word(prompt[begin]);) ++begin;
      for (end = begin; end < prompt.size() && is_of_word(prompt[end]);) ++end;
      if (begin == end) break;
      if (ids.all.size() == limit) ids.cut_off = prompt.substr(begin);
      const auto rows = static_cast<uint64_t>(config_.vocabulary - kFirstWord);
      ids.all.push_back(kFirstWord + static_cast<int64_t>(hash_of(prompt.substr(begin, end - begin)) % rows));
    }
    ids.padded = ids.all;
    ids.padded.resize(limit, kPadding);
    return ids;
  }

  TextEncoding encode(const TokenInput& input, int64_t clip_skip, bool final_norm) const override {
    if (clip_skip != 0)
      throw Error(ErrorCode::bad_request, "/clip_skip",
                  "must be 0 with this text encoder, which has one layer, got " + std::to_string(clip_skip));
    const Tensor state = states_of(input).back();
    const Backend& backend = weights_.backend();
    return {final_norm
                ? backend.layer_norm(state, weights_.tensor("norm.weight"), weights_.tensor("norm.bias"), kEpsilon)
                : state,
            {}};
  }

  std::vector<Tensor> hidden_states(const Tensor& ids) const override { return states_of(ids); }

  std::shared_ptr<const TextEncoder> patched(const Deltas& deltas) const override {
    return std::make_shared<HashedWords>(config_, weights_.patched(deltas));
  }

 private:
  std::vector<Tensor> states_of(const TokenInput& input) const {
    const at::NoGradGuard no_grad;
    const Tensor ids = looked_up(input);
    check_ids(ids);
    const Tensor words = at::embedding(weights_.tensor("token.weight"), ids.to(weights_.backend().device()));
    for (const TokenInput::Vector& vector : input.vectors)
      words.select(0, vector.row).select(0, vector.position).copy_(vector.numbers);
    const Tensor embedded = words + weights_.tensor("position.weight").narrow(0, 0, ids.size(1));
    return {embedded, weights_.backend().linear(embedded, *dense_, {Activation::gelu, embedded})};
  }

  /// The ids, with padding where a vector stands.
  Tensor looked_up(const TokenInput& input) const {
    const Tensor ids = input.ids.clone();
    for (const TokenInput::Vector& vector : input.vectors) {
      const bool fits = vector.row >= 0 && vector.row < ids.size(0) && vector.position >= 0 &&
                        vector.position < ids.size(1) && vector.numbers.numel() == config_.width;
      if (!fits)
        throw Error(ErrorCode::bad_request, "token vectors",
                    "must be of " + std::to_string(config_.width) + " numbers, each where an id stands");
      ids[vector.row][vector.position] = kPadding;
    }
    return ids;
  }

  void check_ids(const Tensor& ids) const {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.size(1) > config_.token_limit || ids.numel() == 0)
      throw Error(ErrorCode::bad_request, "token ids",
                  "must be int64 [B, T], T from 1 to " + std::to_string(config_.token_limit));
    if (ids.min().item<int64_t>() < 0 || ids.max().item<int64_t>() >= config_.vocabulary)
      throw Error(ErrorCode::bad_request, "token ids", "must be from 0 to " + std::to_string(config_.vocabulary - 1));
  }

  Config config_;
  TextEncoderInfo info_;
  ModelWeights weights_;
  PreparedWeightPtr dense_;
};

std::vector<WantedParameter> parameters(const Config& config) {
  const auto wanted = [](const std::string& name, std::vector<int64_t> shape) {
    return WantedParameter{name, std::move(shape), {{"my_plugin", name}}};
  };
  return {wanted("token.weight", {config.vocabulary, config.width}),
          wanted("position.weight", {config.token_limit, config.width}),
          wanted("dense.weight", {config.width, config.width}),
          wanted("dense.bias", {config.width}),
          wanted("norm.weight", {config.width}),
          wanted("norm.bias", {config.width})};
}

class HashedWordsFactory final : public TextEncoderFactory {
 public:
  const FactoryInfo& info() const override {
    static const FactoryInfo info = [] {
      FactoryInfo i;
      i.id = "my_plugin";
      i.help = "Hashed words and one layer: a text encoder that trains in minutes.";
      i.classes = {"my_plugin"};
      return i;
    }();
    return info;
  }

  std::optional<Recognition> recognise(const ModelFiles& files) const override {
    if (!files.config.is_object() || files.config.value("architectures", Json()) != Json::array({"my_plugin"}))
      return std::nullopt;
    const Config config = read_config(files);
    Recognition recognition;
    recognition.description =
        "hashed words, " + std::to_string(config.vocabulary) + " rows of " + std::to_string(config.width);
    recognition.config = files.config;
    match_parameters(
        files, parameters(config), [](const std::string&) { return false; }, recognition);
    recognition.facts["token_limit"] = config.token_limit;
    recognition.facts["width"] = config.width;
    return recognition;
  }

  std::shared_ptr<const TextEncoder> create(const ModelFiles& files, const Recognition& recognition,
                                            std::shared_ptr<const Backend> backend,
                                            const OptionLayers& options) const override {
    refuse_options(options, ErrorCode::bad_config);
    return std::make_shared<HashedWords>(
        read_config(files), ModelWeights(files.place, files.weights, recognition.parameters, std::move(backend)));
  }
};

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0", [](alice::Enrolment& enrol) { enrol.add(std::make_unique<HashedWordsFactory>()); })
