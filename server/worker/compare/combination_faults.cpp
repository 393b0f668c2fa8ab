#include "server/worker/compare/combination_faults.h"

#include <algorithm>

namespace alice {

void CombinationFaults::add(size_t picture, const Error& error) {
  if (found_.empty()) code_ = error.code();
  const auto known = std::find_if(found_.begin(), found_.end(), [&](const Found& one) {
    return one.fault.place == error.place() && one.fault.sentence == error.sentence();
  });
  if (known == found_.end())
    found_.push_back({{error.place(), error.sentence()}, {picture}});
  else
    known->pictures.push_back(picture);
}

/// "ddim, 200 steps"; "" where there are none, or the sentence has them.
std::string CombinationFaults::values_of(const Found& found) const {
  std::string values;
  for (const std::string& label : comparison_.pictures[found.pictures.front()].labels) {
    const bool is_shared = std::all_of(found.pictures.begin(), found.pictures.end(), [&](size_t picture) {
      const auto& labels = comparison_.pictures[picture].labels;
      return std::find(labels.begin(), labels.end(), label) != labels.end();
    });
    if (is_shared && found.fault.sentence.find(label) == std::string::npos)
      values += (values.empty() ? "" : ", ") + label;
  }
  const bool is_of_reference =
      comparison_.is_reference_apart() && found.pictures == std::vector{*comparison_.reference};
  return is_of_reference ? "the reference" + (values.empty() ? "" : ", " + values) + "; --reference says another"
                         : values;
}

void CombinationFaults::throw_if_any() const {
  if (found_.empty()) return;
  std::vector<Fault> faults;
  for (const Found& found : found_) {
    const std::string values = values_of(found);
    faults.push_back({found.fault.place, found.fault.sentence + (values.empty() ? "" : " (" + values + ")")});
  }
  throw Error(code_, faults);
}

}  // namespace alice
