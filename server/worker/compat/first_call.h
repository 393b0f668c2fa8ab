#pragma once
// The network's first call of a run, from the golden's own inputs: what fails here is the network's.

#include <map>
#include <memory>
#include <string>

#include "server/worker/compat/run_tensors.h"

namespace alice {

/// Of the runs of one table; each model's network is loaded once.
class FirstCalls {
 public:
  FirstCalls(CompatRun& run, const GoldenTable& table) : run_(run), table_(table) {}
  /// Nothing where the golden has none of this run; `id` names it in the report.
  void check(const Json& one, const std::string& id);

 private:
  void refuse_others(const std::string& pipeline, const Json& one) const;
  Conditioning conditioning_of(const RunTensors& tensors, const UNet& unet, const std::string& pipeline,
                               const Json& one) const;

  CompatRun& run_;
  const GoldenTable& table_;
  std::map<std::string, std::shared_ptr<const UNet>> unets_;
};

}  // namespace alice
