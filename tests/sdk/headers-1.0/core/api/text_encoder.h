#pragma once
// A text encoder: prompts to the tokens that a UNet attends to.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/api/model_factory.h"

namespace alice {

/// What stands around the ids of a prompt's own words.
struct TokenFrame {
  std::vector<int64_t> start, end;  ///< before and behind them
  int64_t padding = 0;              ///< what fills up the rest of a window
};

struct TextEncoderInfo {
  int64_t token_limit = 0;   ///< T: start and end included (77 for CLIP)
  int64_t width = 0;         ///< D
  int64_t pooled_width = 0;  ///< P; 0 when it makes no pooled text
  int64_t layers = 0;        ///< clip_skip must be smaller
  TokenFrame frame;          ///< of every window: less than token_limit
  int64_t vector_width = 0;  ///< of a vector in place of an id (TokenInput); 0: it takes none
};

/// ids of one prompt.
struct TokenIds {
  std::vector<int64_t> all;     ///< frame.start, those of its words, frame.end; uncut
  std::vector<int64_t> padded;  ///< cut and padded to token_limit
  /// The part of the prompt that was cut off, for the warning; "" when nothing was.
  std::string cut_off;
};

/// What an encoder reads: ids, and vectors in place of some of them (textual inversion: Gal et al. 2022, arXiv
/// 2208.01618).
struct TokenInput {
  struct Vector {
    int64_t row, position;  ///< in ids
    Tensor numbers;         ///< float32 [vector_width] on the CPU: what stands there instead of the id's embedding
  };

  TokenInput(Tensor the_ids, std::vector<Vector> the_vectors = {})  // NOLINT: ids alone are read, too
      : ids(std::move(the_ids)), vectors(std::move(the_vectors)) {}

  Tensor ids;  ///< int64 [B, T] on the CPU. Where a vector stands, any number of at least 0, which is not looked up.
  std::vector<Vector> vectors;
};

struct TextEncoding {
  Tensor tokens;  ///< [B, T, D], the backend's dtype and device
  Tensor pooled;  ///< [B, P], or undefined
};

/// Const and stateless: one object serves every request, from any thread.
class TextEncoder {
 public:
  static constexpr const char* kKind = "text_encoder";

  virtual ~TextEncoder();
  /// Both valid as long as the encoder; never throw.
  virtual const TextEncoderInfo& info() const = 0;
  virtual const ModelWeights& weights() const = 0;

  /// `prompt` is UTF-8; bad bytes become U+FFFD. Never fails on any text.
  virtual TokenIds tokenize(const std::string& prompt) const = 0;
  /// Windows of token_limit ids each, framed and padded as tokenize().padded is -> the tokens. clip_skip 0 takes the
  /// last layer, k the k-th before it (as diffusers counts; A1111 counts one more), 0 <= clip_skip < layers.
  /// final_norm: apply the last layer norm (SD 1.x and 2.x do, SDXL does not). The result is the caller's. Throws
  /// Error(bad_request) for a clip_skip, ids, or a vector's place or width out of range.
  virtual TextEncoding encode(const TokenInput& input, int64_t clip_skip = 0, bool final_norm = true) const = 0;
  /// Every hidden state, the embeddings first: layers + 1 tensors [B, T, D]. For comparisons. Throws as encode().
  virtual std::vector<Tensor> hidden_states(const Tensor& ids) const = 0;
  /// A new encoder with changed weights that shares all others; *this is left as it is. Throws as
  /// ModelWeights::patched().
  virtual std::shared_ptr<const TextEncoder> patched(const Deltas& deltas) const = 0;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};
using TextEncoderFactory = ModelFactory<TextEncoder>;

}  // namespace alice
