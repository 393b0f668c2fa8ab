#pragma once
// A device backend: where tensors live, in which precision models compute, and the kernels that models are written in.
// Every kernel has a correct plain body in the core (ATen); a backend overrides what it does better, and calls the
// plain body for a shape that it cannot take (Backend::linear(...)). So a model never asks where it runs and cannot
// forget a fallback.
//
// All methods are const and may be called from several threads at once. A row of a result (its index 0) must not
// depend, to the last bit, on the other rows or on how many there are: a picture of a batch is the picture made alone.
//
// Arguments are read, never changed or kept; a result is the caller's and shares no memory with an argument, but for
// to_device() and to_host() of what is right already. Shapes, dtypes or devices that do not fit together throw: Error,
// or ATen's own c10::Error, which the host reports as the plugin's. Whoever runs out of memory throws
// Error(out_of_memory) or lets ATen throw.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/api/factory.h"
#include "core/api/tensor.h"

namespace alice {

/// What follows a product in the same kernel.
enum class Activation {
  none,
  silu,        ///< x sigmoid(x)
  gelu,        ///< x Phi(x), exact (erf)
  quick_gelu,  ///< x sigmoid(1.702 x), CLIP's
  relu,
  geglu,  ///< linear only: [..., 2 N] -> [..., N], first half times gelu of the second (Shazeer 2020)
};

/// result = activation(product + bias) + residual. The residual has the result's shape.
struct Epilogue {
  Activation activation = Activation::none;
  std::optional<Tensor> residual;
};

/// A linear or convolution weight as its backend wants it: in its dtype, on its device, packed if it likes. Immutable.
/// A backend may derive from this to keep a packed form; weight() and bias() must then still give plain tensors. Any
/// thread.
class PreparedWeight {
 public:
  /// Shares both. bias may be undefined.
  PreparedWeight(Tensor weight, Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {}
  virtual ~PreparedWeight();
  /// Linear [out, in]; convolution [out, in, kh, kw].
  virtual Tensor weight() const { return weight_; }
  /// [out], or undefined when there is none.
  virtual Tensor bias() const { return bias_; }
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;

 protected:
  Tensor weight_, bias_;
};
using PreparedWeightPtr = std::shared_ptr<const PreparedWeight>;

struct Conv2dShape {
  int64_t stride = 1;
  int64_t padding = 0;  ///< zeros, on all four sides
};

struct BackendInfo {
  std::string device;       ///< for people: "cpu, 2 threads, float32"
  int64_t total_bytes = 0;  ///< memory of the device; 0 when unknown
};

class Backend {
 public:
  virtual ~Backend();

  /// Never throws.
  virtual BackendInfo info() const = 0;
  /// Where tensors given to the kernels lie; the same for the backend's whole life, as dtype() is. Latent arithmetic
  /// outside models stays on the CPU in float32.
  virtual at::Device device() const = 0;
  /// The precision that models compute in: float32 or bfloat16 (or float16 on devices that have it).
  virtual at::ScalarType dtype() const = 0;

  /// x on device() in dtype(); x itself when it is so already. x: any shape and dtype, on any device.
  Tensor to_device(const Tensor& x) const;

  /// Brings a linear weight [out, in] (bias [out] or undefined), of any float dtype on the CPU, into the form that
  /// linear() wants. The default converts to device() and dtype(). The result keeps nothing of the arguments, which may
  /// be views of a mapped file. May be called while other threads compute.
  virtual PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const;
  /// The same for a convolution weight [out, in, kh, kw]; `shape` is how it will be used.
  virtual PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const;

  /// x [B, ..., in] -> [B, ..., out] (geglu: [B, ..., out / 2]).
  virtual Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue = {}) const;
  /// x [B, in, H, W] -> [B, out, H', W'].
  virtual Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                        const Epilogue& epilogue = {}) const;
  /// x [B, C, H, W], weight and bias [C]; sums in float32. Wu and He 2018.
  virtual Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                            Activation activation = Activation::none) const;
  /// Over the last dimension; weight and bias [D]; sums in float32.
  virtual Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const;
  /// softmax(q k' scale + mask) v for each head, the scores in float32 (some models' are too large for less).
  /// q [B, Sq, heads * d], k and v [B, Sk, heads * d] -> [B, Sq, heads * d].
  /// causal: a query sees keys up to its own position (Sq == Sk).
  virtual Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                           bool causal = false) const;

  /// Abilities added after this major version, by name (never null); null when absent. Owned by the object that is
  /// asked and valid as long as it lives. Any thread; never throws. The default has none.
  virtual const void* extension(const char* name) const;
};

class BackendFactory : public Factory {
 public:
  static constexpr const char* kKind = "backend";

  /// Throws Error(bad_config) for options, Error(unsupported) when the device is not there.
  virtual std::shared_ptr<const Backend> create(const OptionLayers& options) const = 0;
};

/// x as float32 on the CPU, contiguous, where everything outside models computes; x itself when it is so already. Any
/// thread.
Tensor to_host(const Tensor& x);

/// The activations on their own, elementwise (geglu: halves the last dimension, which must be even). x is left as it
/// is; at least one row. Any thread.
Tensor activate(const Tensor& x, Activation activation);

/// function(row [1, ...]) for each row of x, joined. For whatever else a model computes with exp, tanh and the like:
/// libtorch rounds the tail of an array unlike the rest, so a row keeps its last bit only when it is computed alone. At
/// least one row. Rows are computed in turn, on the caller's thread; what `function` throws passes through. The results
/// have one shape and dtype.
Tensor each_row(const Tensor& x, const std::function<Tensor(const Tensor&)>& function);

}  // namespace alice
