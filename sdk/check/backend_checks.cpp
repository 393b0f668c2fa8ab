// Backends: what holds for every kernel, and what is kept.

#include <sys/resource.h>

#include "core/api/backend.h"
#include "core/api/fused_products.h"
#include "sdk/check/callers.h"
#include "sdk/check/exact_kernels.h"
#include "sdk/check/fused_expectations.h"
#include "sdk/check/kernel_calls.h"
#include "sdk/check/process_state.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

std::string check_rows(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it))
    for (const KernelCall& call : all_calls(*variant.backend, it.seed)) {
      const auto rows = [&](int64_t first, int64_t count) {
        std::vector<Tensor> some;
        for (const Tensor& input : call.inputs) some.push_back(input.narrow(0, first, count));
        return call.kernel(some);
      };
      const Tensor whole = rows(0, kRows);
      for (const int64_t count : {1, 2, 3, 4})
        for (int64_t first = 0; first + count <= kRows; first += 3)
          expect(at::equal(rows(first, count), whole.narrow(0, first, count)),
                 variant.name + ": " + call.name + ": rows " + std::to_string(first) + " to " +
                     std::to_string(first + count - 1) + " alone are other numbers than among " +
                     std::to_string(kRows));
    }
  return "";
}

std::string check_inputs_kept(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it))
    for (const KernelCall& call : all_calls(*variant.backend, it.seed)) {
      std::vector<Tensor> copies;
      for (const Tensor& input : call.inputs) copies.push_back(input.clone());
      call.kernel(call.inputs);
      for (size_t i = 0; i < copies.size(); ++i)
        expect(at::equal(copies[i], call.inputs[i]),
               variant.name + ": " + call.name + ": input " + std::to_string(i) + " was changed");
    }
  return "";
}

std::string check_threads(const Case& it) {
  constexpr size_t kCallers = 4;
  for (const BackendVariant& variant : backend_variants(it)) {
    const auto calls = all_calls(*variant.backend, it.seed);
    std::vector<Tensor> alone(calls.size());
    for (size_t i = 0; i < calls.size(); ++i) alone[i] = calls[i].kernel(calls[i].inputs);
    std::vector<std::vector<Tensor>> together(kCallers, std::vector<Tensor>(calls.size()));
    call_at_once(kCallers, [&](size_t caller) {
      for (size_t i = 0; i < calls.size(); ++i) {
        const size_t mine = (i + caller * calls.size() / kCallers) % calls.size();  // each begins with another kernel
        together[caller][mine] = calls[mine].kernel(calls[mine].inputs);
      }
    });
    for (const auto& results : together)
      for (size_t i = 0; i < calls.size(); ++i)
        expect(at::equal(results[i], alone[i]),
               variant.name + ": " + calls[i].name + ": another result beside other threads than alone");
  }
  return "";
}

std::string check_channels_last(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& backend = *variant.backend;
    const auto prepared = backend.prepare_conv2d(at::randn({16, 8, 3, 3}), at::randn({16}), {1, 1});
    const Tensor x = random_tensor({3, 8, 33, 32}, backend);
    expect(at::equal(backend.conv2d(x.contiguous(at::MemoryFormat::ChannelsLast), *prepared, {1, 1}),
                     backend.conv2d(x, *prepared, {1, 1})),
           variant.name + ": conv2d of a channels-last map gives other numbers");
    for (auto fused_calls : {norm_conv2d_calls, upsample_conv2d_calls})
      for (const KernelCall& call : fused_calls(backend, it.seed)) {
        std::vector<Tensor> inputs = call.inputs;
        inputs[0] = inputs[0].contiguous(at::MemoryFormat::ChannelsLast);
        expect(at::equal(call.kernel(inputs), call.kernel(call.inputs)),
               variant.name + ": " + call.name + " gives other numbers for a channels-last map");
      }
  }
  return "";
}

std::string check_sizes(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& backend = *variant.backend;
    const Tensor weight = at::randn({320, 64, 3, 3}) * 0.04, bias = at::randn({320});
    const auto shared = backend.prepare_conv2d(weight, bias, {1, 1});
    const Tensor before = shared->weight().clone();
    for (const int64_t side : {8, 24, 48, 8, 32, 5, 24}) {
      const Tensor x = random_tensor({1, 64, side, side}, backend);
      const Tensor alone = backend.conv2d(x, *backend.prepare_conv2d(weight, bias, {1, 1}), {1, 1});
      expect(at::equal(backend.conv2d(x, *shared, {1, 1}), alone),
             variant.name + ": a convolution at side " + std::to_string(side) +
                 " gives other numbers when its prepared weight was used at other sizes before");
      expect(at::equal(shared->weight(), before), variant.name + ": conv2d changed its prepared weight");
    }
    if (const FusedProducts* fused = fused_products(backend)) expect_upsampling_sizes(variant, *fused);
  }
  return "";
}

/// The largest of q k^T over all heads. q, k [1, T, heads * width].
double largest_score(const Tensor& q, const Tensor& k, int64_t heads) {
  const auto by_head = [&](const Tensor& x) {
    return x.to(at::kDouble).view({x.size(1), heads, x.size(2) / heads}).transpose(0, 1);
  };
  return at::matmul(by_head(q), by_head(k).transpose(1, 2)).abs().max().item<double>();
}

std::string check_large_scores(const Case& it) {
  constexpr double kUnit = 1.2e-7;  // float32's, 2^-23
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& backend = *variant.backend;
    const Tensor q = random_tensor({1, 70, 80}, backend, 30), k = random_tensor({1, 300, 80}, backend, 30),
                 v = random_tensor({1, 300, 80}, backend);
    const double error = normalised_error(backend.attention(q, k, v, 2, 1), exact_attention(q, k, v, 2, 1, false));
    // A score s in float32 is off by about s 2^-24; where two keys lead, their probabilities are by as much.
    const double allowed = tolerance(backend) + largest_score(q, k, 2) * kUnit;
    if (!(error < allowed))
      fail(variant.name + ": attention with scores of thousands has a normalised error of " + std::to_string(error));
  }
  return "";
}

int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

std::string check_memory(const Case& it) {
  constexpr int64_t kHeads = 16, kLength = 4096, kWidth = 8, kAllowed = int64_t{400} << 20;  // all scores at once: 1 GB
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& backend = *variant.backend;
    const auto input = [&] { return random_tensor({1, kLength, kHeads * kWidth}, backend); };
    const Tensor q = input(), k = input(), v = input();
    const int64_t before = peak_bytes();
    const Tensor result = backend.attention(q, k, v, kHeads, 0.3);
    expect(peak_bytes() - before < kAllowed, variant.name + ": attention over 4096 tokens and 16 heads took " +
                                                 std::to_string((peak_bytes() - before) >> 20) + " MB");
    const Tensor some = q.narrow(1, 1000, 20);
    const double error = normalised_error(result.narrow(1, 1000, 20), exact_attention(some, k, v, kHeads, 0.3, false));
    if (!(error < tolerance(backend)))
      fail(variant.name + ": queries amid 4096 tokens have a normalised error of " + std::to_string(error));
  }
  return "";
}

std::string check_weights_own(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& backend = *variant.backend;
    for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
      const std::string where = variant.name + ": of a weight of type " + at::toString(type) + " ";
      Tensor weight = at::ones({2, 3}, type), bias = at::ones({2}, type);
      const auto prepared = backend.prepare_linear(weight, bias);
      expect(prepared != nullptr, where + "prepare_linear made null");
      weight.zero_(), bias.zero_();
      expect(prepared->weight().sum().item<float>() == 6 && prepared->bias().sum().item<float>() == 2,
             where + "the prepared form changes with its source");
      expect(prepared->weight().sizes().vec() == std::vector<int64_t>({2, 3}),
             where + "weight() has another shape than was given");
      if (const FusedProducts* fused = fused_products(backend)) expect_own_upsampling_weight(variant, *fused, type);
    }
  }
  return "";
}

std::string check_misfits(const Case& it) {
  for (const BackendVariant& variant : backend_variants(it)) {
    const Backend& b = *variant.backend;
    const auto some = [&](std::vector<int64_t> shape) { return random_tensor(std::move(shape), b); };
    const auto linear = b.prepare_linear(at::randn({8, 6}), {});
    const auto conv = b.prepare_conv2d(at::randn({8, 6, 3, 3}), {}, {1, 1});
    const auto narrow = b.prepare_conv2d(at::randn({8, 6, 3, 3}), {}, {1, 0});
    const auto halving = b.prepare_conv2d(at::randn({8, 6, 3, 3}), {}, {2, 0});
    expect_thrown(variant.name + ": linear of 7 numbers with a weight for 6", [&] {
      b.linear(some({2, 5, 7}), *linear);
    });
    expect_thrown(variant.name + ": linear with a residual of another length", [&] {
      b.linear(some({2, 5, 6}), *linear, {Activation::none, some({2, 4, 8})});
    });
    expect_thrown(variant.name + ": conv2d of 5 channels with a weight for 6", [&] {
      b.conv2d(some({2, 5, 4, 4}), *conv, {1, 1});
    });
    expect_thrown(variant.name + ": conv2d of a map smaller than its kernel", [&] {
      b.conv2d(some({2, 6, 2, 2}), *narrow, {1, 0});
    });
    expect_thrown(variant.name + ": conv2d of stride 2 of a map smaller than its kernel", [&] {
      b.conv2d(some({2, 6, 2, 2}), *halving, {2, 0});
    });
    expect_thrown(variant.name + ": layer_norm of 7 numbers with a weight of 6", [&] {
      b.layer_norm(some({2, 5, 7}), some({6}), some({6}), 1e-5);
    });
    expect_thrown(variant.name + ": attention of 8 and 6 numbers", [&] {
      b.attention(some({2, 5, 8}), some({2, 5, 6}), some({2, 5, 6}), 2, 1);
    });
    if (const FusedProducts* fused = fused_products(b)) expect_fused_misfits_thrown(variant, *fused);
  }
  return "";
}

std::string check_leaves_nothing(const Case& it) {
  const auto use = [&] {
    for (const BackendVariant& variant : backend_variants(it)) {
      const Backend& b = *variant.backend;
      const auto linear = b.prepare_linear(at::randn({8, 6}), {});
      b.linear(random_tensor({2, 5, 6}, b), *linear);
    }
  };
  use();  // what libtorch and the plugin make once
  const ProcessState before = ProcessState::now();
  for (int i = 0; i < 10; ++i) use();
  if (const std::string more = before.what_is_left(); !more.empty())
    fail("after ten backends were made, used and let go " + more);
  return "";
}

}  // namespace

std::vector<Check> backend_checks() {
  const std::vector<std::string> backends = {BackendFactory::kKind};
  const std::string none = "options/defaults-fit";
  return {
      {"backend/rows-independent",
       "A row of a kernel's result, a fused one's too, is the same to the last bit, whatever the other rows and at "
       "batch 1, 2, 3, 4 and 8.",
       "Choose algorithm and blocks by the shape of one row, never by the batch; compute row by row if need be.",
       "backend/inputs-kept", backends, check_rows},
      {"backend/inputs-kept", "No kernel and no fused product changes its inputs.",
       "Compute in place on tensors that you made, never on x, k, v, what is added or the residual.", none, backends,
       check_inputs_kept},
      {"backend/threads", "Kernels called from four threads at once give what each gives alone, bit for bit.",
       "Keep scratch memory in local variables or thread_local ones; lock what is cached.", "backend/rows-independent",
       backends, check_threads},
      {"backend/channels-last",
       "conv2d, and fused products with a convolution, give the same numbers for a map whose memory is channels-last.",
       "Ask x.is_contiguous() or call x.contiguous() before you read data_ptr().", "backend/inputs-kept", backends,
       check_channels_last},
      {"backend/sizes", "A prepared weight serves convolutions of changing sizes, each as a fresh one would.",
       "Key what you pack or cache by the map's size too, and never change weight().", none, backends, check_sizes},
      {"backend/large-scores", "attention stays right with scores of thousands.",
       "Compute scores in float32 and subtract the row's largest before exp.", none, backends, check_large_scores},
      {"backend/attention-memory", "attention over 4096 tokens and 16 heads stays below 400 MB: all scores are 1 GB.",
       "Work in blocks of queries.", none, backends, check_memory},
      {"backend/weights-own",
       "Prepared weights are made from every float type, keep their shape and do not change with their source.",
       "Copy in prepare_linear() and the others: the source is a view of a file.", none, backends, check_weights_own},
      {"backend/refuses-misfits", "Shapes that do not fit together are an exception: no crash, no result.",
       "Compare sizes before you read data_ptr(), or hand the call to the plain body, which does.", none, backends,
       check_misfits},
      {"backend/leaves-nothing", "Backends that are made, used and let go leave no thread and no open file behind.",
       "Stop threads in the destructor.", none, backends, check_leaves_nothing},
  };
}

}  // namespace alice::check
