#pragma once
// What is measured: a model on a backend.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/host/composer.h"
#include "server/worker/bench/measured_backend.h"

namespace alice::bench {

/// Rows that the network is asked for a picture with guidance: without the prompt, and with it.
inline constexpr int64_t kGuidedBatch = 2;

/// What there is to say of it beside figures.
struct SubjectFacts {
  std::string model;         ///< its id
  std::string backend;       ///< its name in the configuration, or the plugin's
  std::string device;        ///< as the backend says it: "cpu, 2 threads, float32"
  std::string precision;     ///< the backend's option dtype where the configuration says one, else what its tensors are
  bool is_processor = true;  ///< it computes here, so that the processor's peak is its own
  int threads = 1;
  int64_t size = 0;  ///< pixels of a side
};
Json to_json(const SubjectFacts& facts);
/// Throws nlohmann's exceptions for what to_json() did not write.
SubjectFacts subject_facts_of(const Json& json);

/// Belongs to the thread that made it.
class Subject {
 public:
  /// Loads `model` (an id or a path) on the backend that the configuration settles on. size: pixels of a side; the
  /// model's native ones when it is not said. Throws Error(bad_request) for a size that its VAE cannot make, and as
  /// Composer::blueprint() and the factories' create() do.
  Subject(Composer& composer, const std::string& model, std::optional<int64_t> size);

  const SubjectFacts& facts() const { return facts_; }
  /// Computes the stage once: two prompts of one row each; the network's one call at batch 2, as guidance asks it; one
  /// picture. The first run of each also packs weights. Throws Error(internal) when a result is not finite.
  StageRun run(Stage stage);

 private:
  const TextEncoder& encoder_of(const TextUse& use) const;
  Tensor encode_all() const;
  Tensor compute(Stage stage);

  SubjectFacts facts_;
  std::shared_ptr<MeasuredBackend> backend_;
  Model model_;
  std::unique_ptr<UNetRun> run_;
  std::vector<Tensor> ids_;  // [kGuidedBatch, T] for each encoder
  Tensor x_, t_, latents_;  // [2, C, h, w], [2], [1, C', h, w]
};

}  // namespace alice::bench
