#pragma once
// The pictures of a comparison, drawn one after the other.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/host/composer.h"
#include "server/worker/compare/combinations.h"

namespace alice {

struct DrawnPicture {
  Tensor pixels;            ///< u8 [H, W, 3]
  double seconds = 0;       ///< from noise to picture; the prompt's are not among them
  double step_seconds = 0;  ///< a step's, of all of them
  Settings settings;
  std::string backend;  ///< its name
};

/// As Comparison::pictures. Those that are not drawn yet have no value.
using DrawnPictures = std::vector<std::optional<DrawnPicture>>;

/// One thread.
class ComparisonDrawing {
 public:
  /// `composers`: one a backend of `comparison`, which must outlive this. Of these one at a time holds a model.
  ComparisonDrawing(const Comparison& comparison, std::vector<std::unique_ptr<Composer>> composers);

  /// Looks at every picture before any is drawn. Throws one Error with every fault, each with the values that it comes
  /// with. Says on standard error what a long comparison will take.
  void judge();
  /// Draws the reference first, then the others in their order. A drawn seed is everybody's. `on_settings` is given the
  /// settings of the first before it is drawn, and may throw. Throws Error(cancelled) after an interrupt, and what a
  /// picture's making throws; drawn() then has what was done before.
  void draw(bool quiet, const std::function<void(const Settings&)>& on_settings);

  const DrawnPictures& drawn() const { return drawn_; }
  /// Of all pictures, each once.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void draw_one(size_t picture, const std::function<void(const PreparedRequest&)>& on_prepared,
                const std::function<void(size_t)>& on_step);
  void warn(const std::vector<std::string>& warnings);

  const Comparison& comparison_;
  std::vector<std::unique_ptr<Composer>> composers_;  // null: not needed any more
  std::vector<bool> is_warm_;                         // by backend
  std::optional<int64_t> seed_;
  DrawnPictures drawn_;
  std::vector<std::string> warnings_;
};

}  // namespace alice
