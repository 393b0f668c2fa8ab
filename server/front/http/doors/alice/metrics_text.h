#pragma once
// Prometheus' text format, version 0.0.4.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alice {

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  /// Begins a family of samples; `type`: counter, gauge.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, const Labels& labels = {});
  /// A family of one sample.
  void one(std::string_view name, std::string_view type, std::string_view help, double value);
  const std::string& text() const { return text_; }

 private:
  std::string text_, name_;
};

}  // namespace alice
