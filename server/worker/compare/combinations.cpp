#include "server/worker/compare/combinations.h"

#include <algorithm>
#include <cstdio>

namespace alice {
namespace {

constexpr int64_t kUsualReferenceSteps = 200;

std::string label_of_steps(int64_t steps) { return std::to_string(steps) + (steps == 1 ? " step" : " steps"); }

std::string label_of(const std::string& field, const Json& value) {
  if (field == "scheduler" || field == kBackendAxis) return in_words(value);
  if (field == "steps") return label_of_steps(value.get<int64_t>());
  std::string name = field;
  std::replace(name.begin(), name.end(), '_', ' ');
  return name + " " + in_words(value);
}

/// The combination that has of each axis the value of that index.
Combination combine(const CommandLine& line, const std::vector<size_t>& chosen) {
  Combination combination;
  Json request = write_generate_request(line.request);
  for (size_t k = 0; k < chosen.size(); ++k) {
    const CompareAxis& axis = line.compare.axes[k];
    const Json& value = axis.values[chosen[k]];
    combination.labels.push_back(label_of(axis.field, value));
    if (axis.field == kBackendAxis)
      combination.backend = chosen[k];
    else
      request[axis.field] = value;
  }
  combination.request = read_generate_request(request);
  return combination;
}

/// Counts on, the last axis first. False after the last combination.
bool advance(std::vector<size_t>& chosen, const std::vector<CompareAxis>& axes) {
  for (size_t k = axes.size(); k-- > 0;) {
    if (++chosen[k] < axes[k].values.size()) return true;
    chosen[k] = 0;
  }
  return false;
}

bool lists(const CommandLine& line, const std::string& field) {
  const auto& axes = line.compare.axes;
  return std::any_of(axes.begin(), axes.end(), [&](const CompareAxis& axis) { return axis.field == field; });
}

/// `first`, with so many steps.
Combination with_steps(Combination first, int64_t steps, bool steps_are_listed) {
  first.request.steps = steps;
  if (steps_are_listed) first.labels.pop_back();  // they are the last axis
  first.labels.push_back(label_of_steps(steps));
  return first;
}

bool are_same(const Combination& one, const Combination& other) {
  return one.backend == other.backend && write_generate_request(one.request) == write_generate_request(other.request);
}

void add_reference(const CommandLine& line, Comparison& comparison) {
  using Reference = CompareOptions::Reference;
  const CompareOptions& compare = line.compare;
  if (compare.reference == Reference::none) return;
  comparison.reference = 0;
  const bool is_usual = compare.reference == Reference::usual;
  if (is_usual && !lists(line, "scheduler") && !lists(line, "steps")) return;
  std::vector<Combination>& pictures = comparison.pictures;
  const Combination reference = with_steps(
      pictures.front(), is_usual ? kUsualReferenceSteps : compare.reference_steps, lists(line, "steps"));
  const auto listed = std::find_if(pictures.begin(), pictures.end(),
                                   [&](const Combination& picture) { return are_same(picture, reference); });
  comparison.reference = listed - pictures.begin();
  if (listed == pictures.end()) pictures.push_back(reference);
}

}  // namespace

std::string in_words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  char text[32];
  std::snprintf(text, sizeof text, "%g", value.get<double>());
  return text;
}

std::string Comparison::words_of(size_t picture) const {
  std::string words;
  for (const std::string& label : pictures[picture].labels) words += (words.empty() ? "" : ", ") + label;
  return words;
}

std::vector<std::string> backends_to_compare(const CommandLine& line) {
  const auto& axes = line.compare.axes;
  if (axes.empty() || axes.front().field != kBackendAxis) return {line.backend};
  return {axes.front().values.begin(), axes.front().values.end()};
}

Comparison comparison_of(const CommandLine& line) {
  const std::vector<CompareAxis>& axes = line.compare.axes;
  Comparison comparison;
  std::vector<size_t> chosen(axes.size(), 0);
  do comparison.pictures.push_back(combine(line, chosen));
  while (advance(chosen, axes));
  comparison.columns = axes.empty() ? 1 : axes.back().values.size();
  comparison.rows = comparison.pictures.size() / comparison.columns;
  add_reference(line, comparison);
  return comparison;
}

}  // namespace alice
