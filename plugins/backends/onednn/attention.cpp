#include "plugins/backends/onednn/attention.h"

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {

Tensor attention(const FusedKernels& kernels, const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads,
                 double scale, bool causal) {
  const AttentionShape shape{heads, q.size(2) / heads, q.size(1), k.size(1), causal, static_cast<float>(scale)};
  const Tensor queries = q.contiguous(), keys = k.contiguous(), values = v.contiguous();
  const Tensor result = empty_result(q.sizes(), q.scalar_type());
  const int64_t rows = q.size(0), element = static_cast<int64_t>(q.element_size());
  const int64_t query_blocks = (shape.queries + kernels.query_block() - 1) / kernels.query_block();
  const int64_t key_blocks = (shape.keys + kernels.key_block() - 1) / kernels.key_block();
  const int64_t block_bytes = kernels.packed_block_bytes(shape), head_bytes = key_blocks * block_bytes;
  const Tensor packed = empty_result({rows * heads * head_bytes}, at::kByte);
  const auto at_row = [&](const Tensor& tensor, int64_t row) {
    return static_cast<char*>(tensor.data_ptr()) + row * tensor.size(1) * tensor.size(2) * element;
  };
  const auto head_of = [&](int64_t row_and_head) {
    return static_cast<char*>(packed.data_ptr()) + row_and_head * head_bytes;
  };
  each_task(rows * heads * key_blocks, [&](int64_t task) {
    const int64_t block = task % key_blocks, row_and_head = task / key_blocks, row = row_and_head / heads;
    kernels.pack(shape, row_and_head % heads, block, at_row(keys, row), at_row(values, row),
                 head_of(row_and_head) + block * block_bytes);
  });
  each_task(rows * heads * query_blocks, [&](int64_t task) {
    const int64_t block = task % query_blocks, row_and_head = task / query_blocks, row = row_and_head / heads;
    kernels.attend(shape, row_and_head % heads, block, at_row(queries, row), head_of(row_and_head), at_row(result, row),
                   thread_scratch(Scratch::task, kernels.scratch_bytes(shape)));
  });
  return result;
}

}  // namespace alice::onednn
