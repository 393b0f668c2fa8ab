#include <algorithm>
#include <utility>

#include "core/api/parameter_form.h"
#include "core/api/weights.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

/// Adds the first few faults of a kind in full and counts the rest: a file of another model lacks hundreds of tensors.
class FaultList {
 public:
  FaultList(std::vector<Fault>& faults, std::string place, std::string rest)
      : faults_(faults), place_(std::move(place)), rest_(std::move(rest)) {}
  ~FaultList() {
    if (count_ > kShown)
      faults_.push_back({place_, "and " + std::to_string(count_ - kShown) + " more tensors " + rest_});
  }
  void add(const std::string& sentence) {
    if (++count_ <= kShown) faults_.push_back({place_, sentence});
  }

 private:
  static constexpr size_t kShown = 8;
  std::vector<Fault>& faults_;
  std::string place_, rest_;
  size_t count_ = 0;
};

Parameter from_source(const ModelFiles& files, const WantedParameter& wanted, const WantedParameter::Source& source) {
  Parameter parameter;
  parameter.name = wanted.name;
  parameter.shape = wanted.shape;
  parameter.source = files.root + source.name;
  parameter.form = source.form;
  parameter.first_row = source.first_row;
  parameter.stacked = source.stacked;
  return parameter;
}

/// The first source that the index has in the shape that is needed, else the first that it has at all, else null.
const WantedParameter::Source* choose(const ModelFiles& files, const WantedParameter& wanted) {
  const WantedParameter::Source* present = nullptr;
  for (const auto& source : wanted.sources)
    if (const TensorInfo* info = files.find(source.name)) {
      if (fits(info->shape, from_source(files, wanted, source))) return &source;
      if (!present) present = &source;
    }
  return present;
}

/// The layout that most of the wanted parameters are found in; "" when none is found.
std::string common_layout(const ModelFiles& files, const std::vector<WantedParameter>& wanted) {
  std::map<std::string, size_t> votes;
  for (const WantedParameter& parameter : wanted)
    if (const auto* source = choose(files, parameter)) ++votes[source->layout];
  std::string layout;
  for (const auto& [name, count] : votes)
    if (layout.empty() || count > votes[layout]) layout = name;
  return layout;
}

/// The source under `layout`, or the first there is.
const WantedParameter::Source* source_in(const WantedParameter& wanted, const std::string& layout) {
  for (const auto& source : wanted.sources)
    if (source.layout == layout) return &source;
  return wanted.sources.empty() ? nullptr : &wanted.sources.front();
}

/// A parameter that no tensor was found for, as a file of this layout would have it.
Parameter expected(const ModelFiles& files, const WantedParameter& wanted, const std::string& layout) {
  const auto* source = source_in(wanted, layout);
  return from_source(files, wanted, source ? *source : WantedParameter::Source{layout, wanted.name});
}

void add_facts(const TensorIndex& index, Recognition& recognition) {
  int64_t numbers = 0;
  std::set<std::string> dtypes;
  for (const Parameter& parameter : recognition.parameters) {
    const TensorInfo* info = index.find(parameter.source);
    if (info == nullptr) continue;  // missing
    int64_t elements = 1;
    for (int64_t side : parameter.shape) elements *= side;
    numbers += elements;
    dtypes.insert(info->dtype_text());
  }
  recognition.facts["parameters"] = numbers;
  recognition.facts["dtypes"] = dtypes;
}

std::string ldm_alias(const WantedParameter& wanted) {
  const auto* source = source_in(wanted, "ldm");
  return source && source->layout == "ldm" && !source->stacked ? source->name : "";
}

}  // namespace

std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", '" : "'") + brief(names[i]) + "'";
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

const TensorInfo* ModelFiles::find(const std::string& name) const { return weights->index().find(root + name); }

int64_t ModelFiles::side(const std::string& name, size_t dimension) const {
  const TensorInfo* info = find(name);
  return info && dimension < info->shape.size() ? info->shape[dimension] : -1;
}

bool ModelFiles::has_under(const std::string& start) const {
  const auto& tensors = weights->index().tensors;
  const auto found = tensors.lower_bound(root + start);
  return found != tensors.end() && starts_with(found->first, root + start);
}

void match_parameters(const ModelFiles& files, const std::vector<WantedParameter>& wanted,
                      const std::function<bool(const std::string&)>& passes_over, Recognition& recognition) {
  const TensorIndex& index = files.weights->index();
  FaultList missing(recognition.faults, index.place, "are missing");
  FaultList misfits(recognition.faults, index.place, "do not fit");
  recognition.layout = common_layout(files, wanted);
  std::set<std::string> used;
  std::map<std::string, int64_t> rows_used;  // of stacked tensors

  for (const WantedParameter& parameter : wanted) {
    const auto* source = choose(files, parameter);
    if (!source) {
      recognition.parameters.push_back(expected(files, parameter, recognition.layout));
      const Parameter& lacking = recognition.parameters.back();
      missing.add("tensor '" + lacking.source +
                  "' is missing: " + shape_text(shape_in_file(lacking.shape, lacking.form)) + " is needed");
      continue;
    }
    Parameter found = from_source(files, parameter, *source);
    found.alias = ldm_alias(parameter);
    const TensorInfo& info = *files.find(source->name);
    used.insert(info.name);
    if (found.stacked) rows_used[info.name] = std::max(rows_used[info.name], found.first_row + found.shape.at(0));
    if (!fits(info.shape, found))
      misfits.add("tensor '" + info.name + "' has shape " + shape_text(info.shape) + ", " +
                  shape_text(shape_in_file(found.shape, found.form)) + (found.stacked ? " for each part is" : " is") +
                  " needed");
    else if (!is_floating(info.dtype))
      misfits.add("tensor '" + info.name + "' has the type " + info.dtype_text() + ", floating point is needed");
    recognition.parameters.push_back(std::move(found));
  }
  for (const auto& [name, rows] : rows_used)
    if (const TensorInfo& info = *index.find(name); !info.shape.empty() && info.shape[0] > rows)
      misfits.add("tensor '" + name + "' has " + std::to_string(info.shape[0]) + " rows, " + std::to_string(rows) +
                  " are needed");
  std::vector<std::string> left_over;
  for (const auto& [name, info] : index.tensors) {
    if (!starts_with(name, files.root)) continue;
    recognition.claimed.insert(name);
    if (!used.count(name) && !passes_over(name.substr(files.root.size()))) left_over.push_back(name);
  }
  if (!left_over.empty())
    recognition.warnings.push_back(
        {index.place, std::to_string(left_over.size()) + (left_over.size() == 1 ? " tensor is" : " tensors are") +
                          " not used, since this architecture has no such weight: " + some_of(left_over)});
  add_facts(index, recognition);
}

}  // namespace alice
