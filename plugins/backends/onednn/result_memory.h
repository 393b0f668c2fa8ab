#pragma once
// Memory for results. A map of a large picture is more than malloc keeps: it would come from the system page by page,
// cleared, for every layer anew, which takes a seventh of a VAE's time.

#include "core/api/tensor.h"

namespace alice::onednn {

/// An uninitialised tensor on the CPU. A large one lies in a block that an earlier one of about its size has left. At
/// most 512 MB of such blocks wait for their next use, and no more than lets all blocks together stay below the most
/// that was ever in use at once, or 128 MB. Any thread.
Tensor empty_result(at::IntArrayRef sizes, at::ScalarType dtype,
                    at::MemoryFormat format = at::MemoryFormat::Contiguous);

}  // namespace alice::onednn
