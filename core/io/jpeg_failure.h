#pragma once
// How libjpeg's faults come out of it, in reading and in writing. See png_encoder.cpp on longjmp.

#include <cstdio>

#include <jpeglib.h>

#include <csetjmp>

namespace alice {

/// A compressor's or decompressor's err points to its first member.
struct JpegFailure {
  jpeg_error_mgr manager;  // first: libjpeg knows this alone
  std::jmp_buf jump;
  char sentence[JMSG_LENGTH_MAX];
};

/// For jpeg_error_mgr::error_exit: fills the sentence, and jumps.
[[noreturn]] inline void jump_out(j_common_ptr jpeg) {
  auto* failure = reinterpret_cast<JpegFailure*>(jpeg->err);
  jpeg->err->format_message(jpeg, failure->sentence);
  std::longjmp(failure->jump, 1);
}

}  // namespace alice
