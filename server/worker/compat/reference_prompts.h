#pragma once
// Prompts as the reference's pipelines encode them: which encoder gives what to the network.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/worker/compat/compat.h"

namespace alice {

/// Text encoders of the golden's models, each loaded once.
class Encoders {
 public:
  explicit Encoders(CompatRun& run) : run_(run) {}
  /// Throws Skip for a class that no plugin implements.
  const TextEncoder& get(const std::string& model, const std::string& part);
  /// The parts that a model's pipeline encodes with, in order. Throws Skip where there are more than two.
  std::vector<std::string> parts(const std::string& model);

 private:
  CompatRun& run_;
  std::map<std::string, std::shared_ptr<const TextEncoder>> encoders_;
};

/// A prompt, and the one for the second encoder.
struct PromptPair {
  std::string first, second;
};

/// One row. A pipeline with text_encoder alone takes its last state, clip_skip before it, and the final norm; one with
/// text_encoder_2 takes the state before the last of each, without norm, side by side, and the second's pooled text.
TextEncoding encode_pair(Encoders& encoders, const std::string& model, const PromptPair& prompt, int64_t clip_skip);

}  // namespace alice
