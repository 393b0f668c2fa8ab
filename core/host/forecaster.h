#pragma once
// What a request will take, before it runs.

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/estimate.h"
#include "core/host/backend_speed.h"
#include "core/host/composer.h"
#include "core/host/model_cost.h"
#include "core/host/network_calls.h"

namespace alice {

/// An estimate, and what later measurements are compared with.
struct Forecast {
  Estimate estimate;
  int64_t needed_bytes = 0;  ///< more than the process has now, mapped files not among it
  Settings settings;         ///< as the request will be carried out, but for a seed that is drawn
  SizeRule size;             ///< of the model

  /// By the backend's speed alone; of a group of so many pictures.
  struct Stages {
    double denoise = 0, decode = 0;
  };
  std::map<int64_t, Stages> uncorrected;
  std::string model, backend;  ///< what they are made of
  double load_bytes = 0;       ///< to be read and prepared; 0: it is loaded
  int64_t variant_bytes = 0;   ///< that its LoRAs have prepared anew; 0 where that is done
  int64_t change_bytes = 0;    ///< held for a moment while they are
  double asks_a_step = 1;      ///< of the network, that `uncorrected` counts with
};

/// What a job may take.
struct JobBounds {
  int64_t most_bytes = 0;   ///< of this process's own memory, mapped files not among it; 0: what the machine has
  double most_seconds = 0;  ///< 0: any time
};

/// Throws Error(out_of_memory) at `place` for what needs more memory than there is even when the estimate is a third
/// too high; what is refused without need could never be made. Error(bad_request) for what takes too long. The
/// sentences name both figures.
void check_bounds(const Forecast& forecast, const JobBounds& bounds, const std::string& place);

/// Knows models by their shapes (core/host/model_cost.h), backends by a moment's measurement, and learns from what was
/// made. One thread, the one that composes.
class Forecaster {
 public:
  /// `composer` must outlive it. `on_fault` is told why a model cannot be estimated.
  Forecaster(Composer& composer, std::function<void(const std::string&)> on_fault);

  /// Nothing where the model's parts cannot be made of shapes alone. `on_stage` is told whose code runs, where a model
  /// is not known yet. Throws as Composer::prepare(), for the same requests, but for what only shows when weights or
  /// LoRAs are read.
  std::optional<Forecast> forecast(GenerateRequest request, bool paths_allowed, const OnStage& on_stage,
                                   const InputPictures& inputs = {});

  /// What was forecast has come true so far: it was loaded; a stage of a group of `images` was done, none of it from a
  /// record, and the network was asked `asks` times (0: nobody counted).
  void loaded(const Forecast& forecast, double seconds);
  void made(const Forecast& forecast, JobStage stage, int64_t images, double seconds, int64_t asks);
  /// A model has been loaded, and nothing is computed at the moment: what the process has now, stays.
  void note_idle();

 private:
  struct Known {
    std::string key;
    ModelSketch sketch;
    // By whether there are shallow calls, the merging ratio, and whether a picture is read.
    std::map<std::tuple<bool, double, bool>, ModelCost> costs;
  };
  /// A model's part in a request.
  struct Share {
    const ModelSketch& sketch;
    const ModelCost& cost;
    const BackendSpeed& speed;
    const Settings& settings;
    StepRange steps;
    bool is_loaded;
  };
  using Shares = std::vector<Share>;  // the first model's, then the refiner's

  Known* model_of(const Blueprint& plan, const std::string& key);
  Share share_of(Known& model, const Blueprint& plan, const Settings& settings, const StepRange& steps,
                 const OnStage& on_stage);
  const ModelCost& cost_for(Known& model, const Settings& settings, const OnStage& on_stage);
  const BackendSpeed& speed_of(const BackendChoice& backend);
  void add_loras(const Known& model, const std::vector<LoraFile>& loras, Forecast& forecast);
  void add_seconds(const Shares& shares, Forecast& forecast);
  void add_bytes(const Shares& shares, Forecast& forecast) const;

  Composer& composer_;
  const std::function<void(const std::string&)> on_fault_;
  std::list<Known> models_;  // the most recently used first
  std::map<std::string, BackendSpeed> speeds_;
  SpeedCorrections corrections_;
  std::map<std::string, double> asks_a_step_;  // by scheduler plugin
  double seconds_a_loaded_byte_;
  int64_t idle_bytes_;  // that the process has between jobs: all that is loaded, no job's own
};

}  // namespace alice
