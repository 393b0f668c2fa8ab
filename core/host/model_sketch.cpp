#include "core/host/model_sketch.h"

#include <utility>

#include "core/host/assemble.h"
#include "core/io/scalar_types.h"

namespace alice {
namespace {

/// Every tensor of another source, as zeros that share one number.
class Shapes final : public WeightSource {
 public:
  explicit Shapes(std::shared_ptr<const WeightSource> of) : of_(std::move(of)) {}

  const TensorIndex& index() const override { return of_->index(); }
  Tensor tensor(const std::string& name) const override {
    const TensorInfo* info = index().find(name);
    if (info == nullptr) return of_->tensor(name);  // throws
    return at::zeros({}, scalar_type_of(info->dtype)).expand(info->shape);
  }

 private:
  const std::shared_ptr<const WeightSource> of_;
};

/// The bytes of the tensors that the part reads are added to `file_bytes`.
template <class Part>
std::shared_ptr<const Part> sketch_part(PartChoice<Part> choice, std::shared_ptr<const Backend> backend,
                                        int64_t& file_bytes) {
  for (const Parameter& parameter : choice.recognition.parameters)
    if (const TensorInfo* info = choice.files.weights->index().find(parameter.source))
      file_bytes += static_cast<int64_t>(info->end - info->begin);
  choice.files.weights = std::make_shared<Shapes>(choice.files.weights);
  return choice.load(std::move(backend));
}

}  // namespace

ModelSketch sketch_model(const Blueprint& blueprint, std::shared_ptr<const Backend> like) {
  ModelSketch sketch;
  sketch.backend = std::make_shared<const CountingBackend>(std::move(like));
  sketch.model = assemble(blueprint, sketch.backend, load_parts(blueprint.parts, [&](const auto& choice) {
                            return sketch_part(choice, sketch.backend, sketch.file_bytes);
                          }));
  sketch.weight_bytes = sketch.backend->weight_bytes();
  return sketch;
}

}  // namespace alice
