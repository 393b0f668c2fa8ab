#pragma once
// Methods: what the tensors of one module of a file are to its weight. Files name modules in several ways (the
// formats), and what stands under a module's name is the same in all of them.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/lora.h"

namespace alice::low_rank {

/// What each tensor of a module is to its method, as LyCORIS writes it behind the module's name ("hada_w1_a"); of
/// factors "up", "down" and "mid" -> its name in the file.
using Roles = std::map<std::string, std::string>;

/// The name of the one that tells most of the module: never an alpha where there is another.
const std::string& any_of(const Roles& roles);

/// A module of a file beside the parameter that it changes, while it is judged. References its arguments.
class Module {
 public:
  Module(const WeightSource& file, const LoraTarget& target, const Roles& roles, Faults& faults);

  const std::vector<int64_t>& weight() const { return target_.shape; }
  bool has(const std::string& role) const { return roles_.count(role) > 0; }
  /// A role that it has.
  const std::vector<int64_t>& shape(const std::string& role) const;
  /// Tells a fault of the tensor of `role`, or, where there is none, of any; false.
  bool fault(const std::string& role, const std::string& what) const;
  /// Has it this tensor? Else a fault.
  bool needs(const std::string& role) const;
  /// Is the shape of `role` this one? A matrix may be written as a convolution of one pixel. Else a fault.
  bool expect(const std::string& role, const std::vector<int64_t>& wanted, int64_t rank = 0) const;
  /// Can a weight of this size have such a rank? Else a fault: factors of a damaged file would take any amount of
  /// memory.
  bool is_rank(const std::string& role, int64_t rank) const;
  /// Of a role that it has, one number.
  double number(const std::string& role) const;

 private:
  const WeightSource& file_;
  const LoraTarget& target_;
  const Roles& roles_;
  Faults& faults_;
};

/// Const and stateless; any thread.
class Method {
 public:
  virtual ~Method();
  virtual const char* name() const = 0;  ///< for people
  /// Of the tensors that only it has.
  virtual const std::vector<std::string>& roles() const = 0;
  /// Does it change matrices and convolutions alone?
  virtual bool wants_matrix() const { return true; }
  /// May magnitudes stand beside its tensors?
  virtual bool takes_magnitudes() const { return false; }
  /// Is alpha more to it than what is divided by the rank?
  virtual bool reads_alpha() const { return false; }
  /// Does the module fit its weight? The rank by which its alpha is divided, 0 where none counts; nothing, with faults
  /// told, where it does not.
  virtual std::optional<int64_t> fit(const Module& module) const = 0;
  /// LoraFormat::change(), before magnitudes.
  virtual Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const = 0;
};

/// The one whose tensors are among these; null when there is none.
const Method* method_for(const Roles& roles);

/// Each in a file of its own.
std::unique_ptr<Method> factors();     ///< LoRA and LoCon
std::unique_ptr<Method> hadamard();    ///< LoHa
std::unique_ptr<Method> kronecker();   ///< LoKr
std::unique_ptr<Method> orthogonal();  ///< OFT
std::unique_ptr<Method> rescaling();   ///< IA3
std::unique_ptr<Method> difference();  ///< whole differences of weights, biases and norms

// Magnitudes (DoRA; Liu et al. 2024): the sum of weight and change keeps its directions and gets lengths that were
// learnt. They stand beside another method's tensors.
inline constexpr const char* kMagnitudes = "dora_scale";      ///< of rows [out, 1, ...], or of columns [1, in, ...]
inline constexpr const char* kRowMagnitudes = "magnitude";    ///< of rows, in any shape
/// Are there as many as the weight has rows or columns? Else a fault.
bool fit_magnitudes(const Module& module);
/// The change that they make of `change`; without them `change`.
Tensor with_magnitudes(const WeightSource& file, const LoraPatch& patch, const Tensor& weight, Tensor change);

/// The tensor of a role, float32 on the CPU. Undefined without.
Tensor numbers_of(const WeightSource& file, const LoraPatch& patch, const std::string& role);
/// A matrix as the convolution of one pixel that it is: [rows, columns, 1, 1]. Empty when it is neither.
std::vector<int64_t> as_convolution(std::vector<int64_t> shape);

}  // namespace alice::low_rank
