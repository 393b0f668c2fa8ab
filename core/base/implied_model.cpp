#include "core/base/implied_model.h"

#include <algorithm>

namespace alice {

std::string implied_model(const std::vector<std::string>& ids) {
  if (std::find(ids.begin(), ids.end(), kStarterModel) != ids.end()) return kStarterModel;
  return ids.size() == 1 ? ids[0] : "";
}

}  // namespace alice
