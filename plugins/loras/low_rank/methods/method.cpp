#include "plugins/loras/low_rank/methods/method.h"

#include <algorithm>

namespace alice::low_rank {
namespace {

/// More than this times the weight's smaller side is no low rank: a full matrix needs one time. What is small anyway
/// may be more: one rank for all modules is usual.
constexpr int64_t kMostRank = 4, kSmallRank = 256;

const std::vector<std::unique_ptr<Method>>& methods() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Method>> list;
    for (auto make : {factors, hadamard, kronecker, orthogonal, rescaling, difference}) list.push_back(make());
    return list;
  }();
  return all;
}

}  // namespace

Method::~Method() = default;

const Method* method_for(const Roles& roles) {
  for (const auto& method : methods())
    for (const std::string& role : method->roles())
      if (roles.count(role)) return method.get();
  return nullptr;
}

std::vector<int64_t> as_convolution(std::vector<int64_t> shape) {
  if (shape.size() == 2) shape.insert(shape.end(), {1, 1});
  if (shape.size() != 4) shape.clear();
  return shape;
}

Tensor numbers_of(const WeightSource& file, const LoraPatch& patch, const std::string& role) {
  const auto found = patch.tensors.find(role);
  return found == patch.tensors.end() ? Tensor() : file.tensor(found->second).to(at::kCPU, at::kFloat);
}

const std::string& any_of(const Roles& roles) {
  if (const auto up = roles.find("up"); up != roles.end()) return up->second;
  const auto found = std::find_if(roles.begin(), roles.end(), [](const auto& role) { return role.first != "alpha"; });
  return (found != roles.end() ? found : roles.begin())->second;
}

Module::Module(const WeightSource& file, const LoraTarget& target, const Roles& roles, Faults& faults)
    : file_(file), target_(target), roles_(roles), faults_(faults) {}

const std::vector<int64_t>& Module::shape(const std::string& role) const {
  return file_.index().find(roles_.at(role))->shape;
}

bool Module::fault(const std::string& role, const std::string& what) const {
  const auto found = roles_.find(role);
  const std::string& tensor = found != roles_.end() ? found->second : any_of(roles_);
  faults_.add(file_.index().place, "tensor '" + tensor + "' " + what);
  return false;
}

bool Module::needs(const std::string& role) const {
  if (has(role)) return true;
  const bool is_half = role == "up" || role == "down";
  return fault(role, "has no " + role + (is_half ? " half" : "") + " beside it");
}

bool Module::expect(const std::string& role, const std::vector<int64_t>& wanted, int64_t rank) const {
  const std::vector<int64_t>& is = shape(role);
  const bool is_matrix_as_convolution = !is.empty() && as_convolution(is) == as_convolution(wanted);
  if (is == wanted || (is_matrix_as_convolution && !as_convolution(is).empty())) return true;
  return fault(role, "has shape " + shape_text(is) + ", but a weight of shape " + shape_text(target_.shape) +
                         (rank > 0 ? " and rank " + std::to_string(rank) : "") + (rank > 0 ? " need " : " needs ") +
                         shape_text(wanted));
}

bool Module::is_rank(const std::string& role, int64_t rank) const {
  const std::vector<int64_t> sides = as_convolution(weight());
  const int64_t largest = std::max(kSmallRank, kMostRank * std::min(sides[0], sides[1] * sides[2] * sides[3]));
  if (rank > 0 && rank <= largest) return true;
  return fault(role, "has rank " + std::to_string(rank) + "; a weight of shape " + shape_text(weight()) +
                         " can have 1 to " + std::to_string(largest));
}

double Module::number(const std::string& role) const {
  return file_.tensor(roles_.at(role)).to(at::kDouble).item<double>();
}

}  // namespace alice::low_rank
