// Text encoders: tokens and what they become.

#include <algorithm>

#include "core/api/text_encoder.h"
#include "sdk/check/model_samples.h"
#include "sdk/check/model_use.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

using EncoderBody = void (*)(const TextEncoder& encoder, const std::string& where, uint64_t seed);

/// A body that runs on every sample.
std::function<std::string(const Case&)> on_samples(EncoderBody body) {
  return [body](const Case& it) -> std::string {
    const TextEncoderFactory& factory = it.factory<TextEncoderFactory>();
    for (const ModelSample& sample : model_samples(factory, it))
      body(*load(factory, sample), sample.name + ": ", it.seed);
    return "";
  };
}

void expect_shape(const Tensor& tensor, const std::vector<int64_t>& wanted, const std::string& what) {
  expect(tensor.defined(), what + " is undefined");
  expect(tensor.sizes().vec() == wanted,
         what + " has shape " + shape_text(tensor.sizes().vec()) + ", not " + shape_text(wanted));
}

void check_tokens(const TextEncoder& encoder, const std::string& where, uint64_t) {
  const TextEncoderInfo& info = encoder.info();
  expect(info.token_limit >= 3, where + "info().token_limit is " + std::to_string(info.token_limit));
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  std::string a_long_prompt;
  for (int64_t i = 0; i < 2 * info.token_limit; ++i) a_long_prompt += "cat ";
  for (const std::string& prompt : {std::string(), std::string("a cat"), every_byte, std::string("\xff\xfe\x80"),
                                    std::string(1, '\0'), a_long_prompt}) {
    const TokenIds ids = encoder.tokenize(prompt);
    const std::string what = where + "tokenize of " + std::to_string(prompt.size()) + " bytes gave ";
    expect(
        static_cast<int64_t>(ids.padded.size()) == info.token_limit,
        what + std::to_string(ids.padded.size()) + " padded ids, token_limit is " + std::to_string(info.token_limit));
    expect(!ids.all.empty(), what + "no ids");
    const bool is_cut = static_cast<int64_t>(ids.all.size()) > info.token_limit;
    expect(is_cut == !ids.cut_off.empty(), what + std::to_string(ids.all.size()) + " ids and the cut-off text '" +
                                               ids.cut_off + "'; token_limit is " + std::to_string(info.token_limit));
    encoder.encode(at::tensor(ids.padded, at::kLong).unsqueeze(0));
  }
  expect(!encoder.tokenize(a_long_prompt).cut_off.empty(),
         where + "a prompt of twice as many words as tokens is not cut");
  expect(encoder.tokenize("a cat").padded != encoder.tokenize("a dog").padded,
         where + "'a cat' and 'a dog' are the same ids");
}

/// Windows that the host makes of ids are framed as tokenize() frames them.
void check_frame(const TextEncoder& encoder, const std::string& where, uint64_t) {
  const TextEncoderInfo& info = encoder.info();
  const TokenFrame& frame = info.frame;
  for (const std::string& prompt : {std::string(), std::string("a cat")}) {
    const TokenIds ids = encoder.tokenize(prompt);
    const std::string what = where + "tokenize of '" + prompt + "' gave ids that ";
    const size_t around = frame.start.size() + frame.end.size();
    expect(ids.all.size() >= around &&
               std::equal(frame.start.begin(), frame.start.end(), ids.all.begin()),
           what + "do not begin with info().frame.start");
    expect(std::equal(frame.end.rbegin(), frame.end.rend(), ids.all.rbegin()), what + "do not end with frame.end");
    if (prompt.empty()) expect(ids.all.size() == around, what + "are more than the frame");
    std::vector<int64_t> padded = ids.all;
    padded.resize(static_cast<size_t>(info.token_limit), frame.padding);
    expect(padded == ids.padded, what + "are not padded with frame.padding");
  }
}

/// A vector in place of an id is what stands there, in its row alone.
void check_vectors(const TextEncoder& encoder, const std::string& where, uint64_t seed) {
  const TextEncoderInfo& info = encoder.info();
  if (info.vector_width == 0) return;
  const Tensor ids = ids_of(encoder, {seed, seed});
  const auto position = static_cast<int64_t>(info.frame.start.size());
  const Tensor vector = rows_of({info.vector_width}, {seed})[0];
  const Tensor plain = encoder.encode(ids).tokens;
  const Tensor kept = vector.clone();
  const Tensor changed = encoder.encode({ids, {{1, position, vector}}}).tokens;
  expect(at::equal(plain[0], changed[0]), where + "a vector in row 1 changes row 0");
  expect(!at::equal(plain[1], changed[1]), where + "a vector in place of an id changes nothing");
  expect(at::equal(vector, kept), where + "encode() wrote into a vector");
  Tensor others = ids.clone();
  others[1][position] = int64_t{1} << 40;  // is not looked up
  expect(at::equal(changed, encoder.encode({others, {{1, position, vector}}}).tokens),
         where + "the id in whose place a vector stands is read");
}

void check_encoding(const TextEncoder& encoder, const std::string& where, uint64_t seed) {
  const TextEncoderInfo& info = encoder.info();
  const auto backend = encoder.weights().backend_ptr();
  for (const size_t batch : {1, 3}) {
    const Tensor ids = ids_of(encoder, std::vector<uint64_t>(batch, seed));
    const auto rows = static_cast<int64_t>(batch);
    for (int64_t clip_skip = 0; clip_skip < info.layers; ++clip_skip) {
      const TextEncoding encoding = encoder.encode(ids, clip_skip);
      const std::string what = where + "encode(clip_skip " + std::to_string(clip_skip) + "): ";
      expect_shape(encoding.tokens, {rows, info.token_limit, info.width}, what + "tokens");
      expect(encoding.tokens.scalar_type() == backend->dtype(),
             what + "tokens are of type " + at::toString(encoding.tokens.scalar_type()) + ", the backend's is " +
                 at::toString(backend->dtype()));
      if (info.pooled_width > 0)
        expect_shape(encoding.pooled, {rows, info.pooled_width}, what + "pooled");
      else
        expect(!encoding.pooled.defined(), what + "pooled is there, and info().pooled_width is 0");
    }
    const std::vector<Tensor> states = encoder.hidden_states(ids);
    expect(static_cast<int64_t>(states.size()) == info.layers + 1, where + "hidden_states gave " +
                                                                       std::to_string(states.size()) + " for " +
                                                                       std::to_string(info.layers) + " layers");
    for (const Tensor& state : states)
      expect_shape(state, {rows, info.token_limit, info.width}, where + "a hidden state");
  }
}

void check_sees_prompt(const TextEncoder& encoder, const std::string& where, uint64_t) {
  const auto encode = [&](const char* prompt) {
    return encoder.encode(at::tensor(encoder.tokenize(prompt).padded, at::kLong).unsqueeze(0)).tokens;
  };
  expect(!at::equal(encode("a cat"), encode("a dog")), where + "'a cat' and 'a dog' become the same tokens");
}

void check_refuses(const TextEncoder& encoder, const std::string& where, uint64_t seed) {
  const Tensor ids = ids_of(encoder, {seed});
  for (const int64_t clip_skip : {int64_t{-1}, encoder.info().layers})
    expect_refusal(ErrorCode::bad_request, where + "encode with clip_skip " + std::to_string(clip_skip),
                   [&] { encoder.encode(ids, clip_skip); });
  const Tensor kept = ids.clone();
  encoder.encode(ids);
  expect(at::equal(ids, kept), where + "encode() changed the ids that it was given");
}

}  // namespace

std::vector<Check> text_encoder_checks() {
  const std::vector<std::string> encoders = {TextEncoderFactory::kKind};
  return {
      {"text_encoder/tokens",
       "tokenize() takes every byte, gives token_limit padded ids, and tells what was cut off exactly when something "
       "was.",
       "Replace bad UTF-8 by U+FFFD; cut before the end token and pad behind it.", "model/recognised", encoders,
       on_samples(check_tokens)},
      {"text_encoder/frame",
       "What tokenize() puts around a prompt's own ids, and fills a window up with, is what info().frame says.",
       "Fill in TextEncoderInfo::frame: long prompts and weights are made of windows that the host frames.",
       "text_encoder/tokens", encoders, on_samples(check_frame)},
      {"text_encoder/vectors",
       "A vector in place of an id counts there and nowhere else; the id is not looked up. An encoder that takes none "
       "(vector_width 0) passes.",
       "Write the vectors over the rows that were looked up, before positions are added; or leave vector_width at 0.",
       "text_encoder/frame", encoders, on_samples(check_vectors)},
      {"text_encoder/encoding",
       "encode() gives [B, T, D] in the backend's dtype and pooled text as info() says, for every clip_skip; "
       "hidden_states() gives one state more than layers.",
       "Compare info() with what the network computes.", "text_encoder/tokens", encoders, on_samples(check_encoding)},
      {"text_encoder/sees-prompt", "Two prompts become different tokens.",
       "Look up embeddings by the ids, and let every layer add to what came in.", "text_encoder/tokens", encoders,
       on_samples(check_sees_prompt)},
      {"text_encoder/refuses",
       "A clip_skip below 0 or without a layer is Error(bad_request); ids are left as they are.",
       "Compare clip_skip with info().layers first.", "text_encoder/tokens", encoders, on_samples(check_refuses)},
  };
}

}  // namespace alice::check
