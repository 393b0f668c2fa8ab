#pragma once
// `alice check compat`: this server against a known working set-up, stage by stage.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/host/composer.h"
#include "server/worker/check/report.h"
#include "server/worker/compat/golden.h"

namespace alice {

/// Largest differences that pass. How exact float32 can be: the goldens' READMEs, "How exact to be".
inline constexpr double kComponentTolerance = 1e-4;  ///< of a text encoder's, UNet's, VAE's output; absolute
inline constexpr double kTraceTolerance = 1e-5;    ///< of a scheduler's tensors; largest difference over largest value
inline constexpr double kWeightTolerance = 1e-5;   ///< of a weight with LoRAs in it; absolute
inline constexpr double kPixelTolerance = 2;       ///< of a picture, in levels of 255
inline constexpr double kMomentTolerance = 0.1;    ///< of a whole picture's mean and deviation, in levels of 255

/// What must not be skipped, and what the reference's names mean.
struct CompatScope {
  std::set<std::string> parts, classes, schedulers, loras;
  std::map<std::string, Json> pipelines;  ///< each with its call's defaults
  /// Arguments that a pipeline gives to its scheduler's schedule, where others leave steps out.
  std::map<std::string, std::set<std::string>> schedule_arguments;
  std::map<std::string, std::set<std::string>> step_arguments;  ///< of calls that some schedulers take alone -> which
  std::map<std::string, std::vector<int64_t>> rows;  ///< of guidance, in a pipeline's order: the numbers of ours
  std::set<std::string> networks;         ///< those whose network is given what a UNet's interface names, and no more
  std::map<std::string, std::string> pictures;  ///< arguments that are pictures -> which of ours
  /// In a table that does not say which pictures a run has: a word of its id -> argument -> tensor.
  std::map<std::string, std::map<std::string, std::string>> implied_pictures;
  std::string lora_model;                 ///< of LoRAs that say no other
  std::string types_file;                 ///< the single file whose network and decoder goldens have in other types
  std::map<std::string, std::string> unread;  ///< tables that no check reads: folder or name -> the reason
  static CompatScope built_in();  ///< config/compat_scope.json, as it was when the program was built
};

/// What every part's check works with.
struct CompatRun {
  Composer& composer;
  Golden& golden;
  Report& report;
  CompatScope scope;
};

/// A case in the making: compares tensors, remembers the worst.
class CompatCase {
 public:
  CompatCase(std::string part, std::string id);

  /// Largest absolute difference against `tolerance`. A shape that differs or a number that is not finite fails.
  void close(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance);
  /// Largest difference over the golden's largest value (over 1 where that is 0).
  void close_relative(const std::string& name, const Tensor& ours, const Tensor& golden, double tolerance);
  /// Bit for bit.
  void equal(const std::string& name, const Tensor& ours, const Tensor& golden);
  /// A difference that was measured elsewhere.
  void measured(const std::string& name, double error, double tolerance);
  void fail(const std::string& sentence);

  const CaseResult& result() const { return result_; }

 private:
  CaseResult result_;
};

/// Thrown by a case that cannot run: with the reason.
struct Skip {
  std::string reason;
};

/// Runs `body`, adds its result to the report; an exception fails the case; a Skip, or an Error(unsupported), skips it.
void run_case(CompatRun& run, const std::string& part, const std::string& id, bool in_scope,
              const std::function<void(CompatCase&)>& body);

/// Must this part of a golden's model be read?
bool part_in_scope(CompatRun& run, const std::string& model, const std::string& part);
/// The parts of a golden's model, on the default backend. Throws Skip for a class that no plugin implements.
std::shared_ptr<const TextEncoder> load_text_encoder(CompatRun& run, const std::string& model, const std::string& part);
std::shared_ptr<const UNet> load_unet(CompatRun& run, const std::string& model);
std::shared_ptr<const Vae> load_vae(CompatRun& run, const std::string& model);
/// That of a VAE alone in a file or folder; `model` is the golden's, which says of what class it is.
std::shared_ptr<const Vae> load_vae(CompatRun& run, const std::string& model, const std::filesystem::path& source);
/// A whole model that lies elsewhere.
std::shared_ptr<const Model> compose_file(CompatRun& run, const std::filesystem::path& file);

/// LoRAs laid over a model. Throws Skip, with what was said, where one is refused that is not in the scope.
std::shared_ptr<const Model> with_loras(CompatRun& run, const Model& base, std::vector<LoraFile> files);

/// The word of a golden's file of textual inversions; `token` "": as the file calls it.
Embedding embedding_of(CompatRun& run, const Model& model, const std::string& token, const std::string& file);

// The parts, each of one table.
void check_tokenizer(CompatRun& run, const GoldenTable& table);
void check_text(CompatRun& run, const GoldenTable& table);          ///< what each prompt gives, output by output
void check_prompt_pairs(CompatRun& run, const GoldenTable& table);  ///< prompts with their negatives, as pipelines do
void check_embeddings(CompatRun& run, const GoldenTable& table);    ///< prompts with textual inversions
void check_unet(CompatRun& run, const GoldenTable& table);
void check_vae(CompatRun& run, const GoldenTable& table);
void check_schedulers(CompatRun& run, const GoldenTable& table);
void check_lora(CompatRun& run, const GoldenTable& table);
void check_runs(CompatRun& run, const GoldenTable& table);  ///< whole pictures
void check_single_file(CompatRun& run, const GoldenTable& table);   ///< a map: the same model under other names
void check_single_types(CompatRun& run, const GoldenTable& table);  ///< what weights of fewer bits mean
void check_checkpoints(CompatRun& run, const GoldenTable& table);   ///< PyTorch's own files, good and evil
/// Of the folder's rng/, which has no table.
void check_rng(CompatRun& run);

/// All that the golden folder has. `out`: a folder for our own tensors, or empty.
Report check_compat(Composer& composer, const std::filesystem::path& golden_folder, const std::filesystem::path& out);

}  // namespace alice
