#include "server/worker/compat/run_tensors.h"

#include <ATen/CPUGeneratorImpl.h>

namespace alice {
namespace {

class WatchedRun final : public UNetRun {
 public:
  WatchedRun(std::unique_ptr<UNetRun> inner, Tensor beside, NetworkCalls& calls)
      : inner_(std::move(inner)), beside_(std::move(beside)), calls_(calls) {}
  Tensor predict(const Tensor& x, const Tensor& t) override {
    const Tensor out = inner_->predict(x, t);
    if (calls_.times.empty()) calls_.sample = beside_.defined() ? at::cat({x, beside_}, 1) : x, calls_.out = out;
    calls_.times.push_back(t[0].item<double>());
    return out;
  }

 private:
  std::unique_ptr<UNetRun> inner_;
  Tensor beside_;
  NetworkCalls& calls_;
};

class WatchedUNet final : public UNet {
 public:
  WatchedUNet(std::shared_ptr<const UNet> inner, NetworkCalls& calls) : inner_(std::move(inner)), calls_(calls) {}
  const UNetInfo& info() const override { return inner_->info(); }
  const ModelWeights& weights() const override { return inner_->weights(); }
  std::unique_ptr<UNetRun> prepare(const Conditioning& conditioning) const override {
    const auto beside = conditioning.find(kBeside);
    return std::make_unique<WatchedRun>(inner_->prepare(conditioning),
                                        beside != conditioning.end() ? beside->second : Tensor(), calls_);
  }
  std::shared_ptr<const UNet> patched(const Deltas& deltas) const override { return inner_->patched(deltas); }

 private:
  std::shared_ptr<const UNet> inner_;
  NetworkCalls& calls_;
};

}  // namespace

RunTensors::RunTensors(const GoldenTable& table, const Json& one)
    : file_(table.tensors()), id_(one.at("id").get<std::string>()), alias_(one.value("alias", Json::object())) {}

std::string RunTensors::key(const std::string& name) const {
  const auto found = alias_.find(name);
  return found != alias_.end() ? found->get<std::string>() : id_ + "/" + name;
}

RecordedNoise::RecordedNoise(const RunTensors& run, uint64_t seed, CompatCase& check)
    : run_(run), check_(check), generator_(at::detail::createCPUGenerator(seed)) {}

Tensor RecordedNoise::normal_like(const Tensor& like) {
  const std::string name = "noise" + std::to_string(draws_++);
  if (!run_.has(name)) {
    if (draws_ > 1 && run_.has("noise0"))
      throw Error(ErrorCode::internal, name, "more noise is drawn than the reference drew");
    return at::randn(like.sizes(), generator_, at::kFloat);
  }
  const Tensor noise = run_.get(name);
  std::vector<int64_t> of_all_rows = like.sizes().vec();
  of_all_rows[0] = 1;
  if (noise.sizes() != like.sizes() && noise.sizes() != at::IntArrayRef(of_all_rows))
    throw Error(
        ErrorCode::bad_weights, name,
        "has shape " + shape_text(noise.sizes().vec()) + ", the run asks for " + shape_text(like.sizes().vec()));
  check_.equal(name, at::randn(noise.sizes(), generator_, at::kFloat), noise);
  return noise.expand_as(like).contiguous();
}

Tensor split_sample(const Tensor& sample, const UNet& unet, Conditioning& conditioning) {
  const int64_t channels = unet.info().in_channels;
  if (sample.size(1) <= channels) return sample;
  conditioning[kBeside] = sample.slice(1, channels).contiguous();
  return sample.slice(1, 0, channels).contiguous();
}

Tensor in_order(const Tensor& rows, const std::vector<int64_t>& order) {
  if (order.empty()) return rows;
  const std::vector<Tensor> blocks = rows.chunk(static_cast<int64_t>(order.size()));
  std::vector<Tensor> out;
  for (const int64_t block : order) out.push_back(blocks.at(static_cast<size_t>(block)));
  return at::cat(out);
}

std::shared_ptr<const UNet> watched(std::shared_ptr<const UNet> unet, NetworkCalls& calls) {
  return std::make_shared<WatchedUNet>(std::move(unet), calls);
}

}  // namespace alice
