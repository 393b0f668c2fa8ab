#pragma once
// The network as a sampler asks it, over all steps of one batch of pictures: with guidance where it counts, and as deep
// as the settings want.

#include <map>
#include <memory>
#include <vector>

#include "core/api/unet.h"
#include "core/api/unet_shortcuts.h"
#include "core/host/course.h"
#include "core/math/denoiser.h"
#include "core/math/noise_model.h"

namespace alice {

/// What may be left out of a UNet's work.
struct Shortcuts {
  int64_t deepcache_interval = 1;  ///< every how many steps its deep part is computed
  double token_merging_ratio = 0;  ///< see ShortcutOptions

  bool any() const { return deepcache_interval > 1 || token_merging_ratio > 0; }
};

/// One batch's own; one thread. Its estimates depend on the calls that pass() was told of, not on those that were made
/// of denoise(): a record may answer some of them (docs/decisions/0010), and the rest comes out the same.
class GuidedNetwork {
 public:
  /// course: guidance.rows() times B rows, in the order of guide(), the positive ones last. `calls`: that were made of
  /// another network for these pictures. Throws Error(bad_request) when the UNet lacks a shortcut that is wanted.
  GuidedNetwork(std::shared_ptr<const UNet> unet, Course course, const Guidance& guidance, const Shortcuts& shortcuts,
                const NoiseModel& noise_model, const Plan& plan, size_t calls = 0);

  /// To be told of each call before it is answered, by whomever. x is kept, not copied: nobody may write to it.
  void pass(const Tensor& x, const Level& level);
  /// The estimate of x0 [B, C, h, w] for x at `level`, which pass() was told last.
  Tensor denoise(const Tensor& x, const Level& level);
  /// That pass() was told of, and those before.
  size_t calls() const { return calls_; }

 private:
  /// The run with what the network is told.
  struct Asked {
    int64_t rows;  // a picture
    std::unique_ptr<UNetRun> run;
    ShortcutRun* shortcut = nullptr;  // the run, where there are shortcuts
  };
  /// The last call that computes all levels of the network, whoever answers it.
  struct WholeCall {
    Tensor x;
    Level level;
    size_t step = 0;    // at or before every step that uses it
    size_t number = 0;  // counts such calls; 0: none yet
    size_t told = 0;    // what the network is told then
  };

  size_t step_of(const Level& level) const;
  size_t whole_step_of(size_t step) const;
  Asked& asked(bool guided);
  Asked prepared(const TextRows& rows);
  Tensor predict(bool guided, const Tensor& x, const Level& level, bool keeps_depth);

  std::shared_ptr<const UNet> unet_;
  Guidance guidance_;
  Shortcuts shortcuts_;
  NoiseModel noise_model_;
  std::vector<Level> levels_;  // at which steps begin
  Course course_;
  size_t calls_;
  size_t told_ = 0;                             // at the call that pass() was told last
  std::map<std::pair<size_t, bool>, Asked> asked_;  // by what is told, and whether guidance counts
  WholeCall whole_;
  bool is_whole_ = false;  // the call that pass() was told last
  size_t kept_ = 0;        // the number of the whole call whose depth the run in use keeps
};

}  // namespace alice
