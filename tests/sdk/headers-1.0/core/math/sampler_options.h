#pragma once
// Options that several samplers share, under diffusers' names. A sampler's own options derive from these structs, and
// its table is built with the add_... functions:
//   struct HeunOptions : SpacingOptions, SigmaOptions { ... };
//   OptionTable<HeunOptions> table;
//   add_spacing_options(table);

#include <optional>
#include <string>

#include "core/api/scheduler.h"
#include "core/math/run_spacing.h"
#include "core/math/sigma_spacing.h"
#include "core/math/timestep_spacing.h"

namespace alice {

struct SpacingOptions {
  TimestepSpacing timestep_spacing = TimestepSpacing::linspace;
  int64_t steps_offset = 0;
};

/// At most one of them true, and none where RunSpacingOptions ask for levels, which then count. null in a file means
/// false.
struct SigmaOptions : RunSpacingOptions {
  std::optional<bool> use_karras_sigmas = false;
  std::optional<bool> use_exponential_sigmas = false;
  std::optional<bool> use_beta_sigmas = false;
};

struct ThresholdingOptions {
  bool thresholding = false;
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1;
};

struct ClipOptions {
  bool clip_sample = false;
  double clip_sample_range = 1;
};

/// Where a run ends: at sigma 0, or at the sigma of the first training step.
enum class FinalSigma { zero, sigma_min };

/// The place of an option in the layer that said it last; its name when none did.
PlaceOf places_of(const OptionLayers& layers);

/// The estimate of x0 [B, C, h, w] within its limits: dynamic thresholding where that is asked for, else the clamp
/// where that is, else as it is.
Tensor limited(const Tensor& x0, const ThresholdingOptions& thresholding, const ClipOptions& bounds = {});

/// Which spacing the options ask for.
SigmaSpacing sigma_spacing(const SigmaOptions& options);
/// Adds a fault where more than one of the three is asked for, and those of check_run_spacing().
void check_sigma_options(const SigmaOptions& options, const PlaceOf& place, Faults& faults);
/// Alias options: this spacing and no other, whatever the model's own files say.
Json spacing_preset(SigmaSpacing spacing);
/// `preset` with `more` over it.
Json joined(Json preset, const Json& more);

template <class T>
void add_spacing_options(OptionTable<T>& table) {
  table
      .choice("timestep_spacing", &T::timestep_spacing, timestep_spacing_names(),
              "how a run's steps are spread over the training steps (Lin et al. 2023, Table 2)")
      .integer("steps_offset", &T::steps_offset, {0, 100000},
               "added to each time of the leading spacing, as far as there is room");
}

template <class T>
void add_sigma_options(OptionTable<T>& table) {
  table.boolean("use_karras_sigmas", &T::use_karras_sigmas, "noise levels as in Karras et al. 2022, equation 5")
      .boolean("use_exponential_sigmas", &T::use_exponential_sigmas, "noise levels evenly in log sigma")
      .boolean("use_beta_sigmas", &T::use_beta_sigmas,
               "noise levels as quantiles of a beta distribution (Lee et al. 2024)");
  add_run_spacing_options(table);
}

template <class T>
void add_thresholding_options(OptionTable<T>& table) {
  table
      .boolean(
          "thresholding", &T::thresholding,
          "dynamic thresholding of the picture estimate (Saharia et al. 2022); for models of pixels, not of latents")
      .number("dynamic_thresholding_ratio", &T::dynamic_thresholding_ratio, {0, 1},
              "the quantile that thresholding clamps at")
      .number("sample_max_value", &T::sample_max_value, {1e-3, 1e6}, "the largest value that thresholding clamps at");
}

template <class T>
void add_clip_options(OptionTable<T>& table) {
  table.boolean("clip_sample", &T::clip_sample, "clamp the picture estimate; for models of pixels, not of latents")
      .number("clip_sample_range", &T::clip_sample_range, {1e-3, 1e6}, "what clip_sample clamps to, both ways");
}

template <class T>
void add_final_sigma_option(OptionTable<T>& table) {
  table.choice("final_sigmas_type", &T::final_sigmas_type,
               {{"zero", FinalSigma::zero}, {"sigma_min", FinalSigma::sigma_min}},
               "where the run ends: at no noise, or at the noise of the first training step");
}

}  // namespace alice
