#pragma once
// What a file is that should have been weights or settings: what downloads and checkouts often leave instead.

#include <cstdint>
#include <string>
#include <string_view>

namespace alice {

/// "is a Git LFS pointer, not the file itself: run `git lfs pull`" and the like, told by the first bytes of a file
/// (64 or more, or all of them) and its size; "" when nothing is recognised. Any thread.
std::string called_what_it_is(std::string_view head, uint64_t file_size);

/// Protocols 2 to 5 of Python's pickle. Eight bytes that begin so may be a length as well, which has zeros at its end:
/// then it is none. Any thread.
bool begins_as_pickle(std::string_view head);

}  // namespace alice
