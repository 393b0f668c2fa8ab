#include "server/worker/session/job_failure.h"

#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <new>
#include <string_view>

namespace alice {
namespace {

constexpr const char* kPlace = "worker";
constexpr const char* kNoMemory = "there is not enough memory for this: smaller or fewer pictures may fit";
constexpr const char* kInternal = "an internal fault ended the job; the server's log says which";

/// libtorch 1.13 has an exception of its own for other devices' memory only (c10/core/impl/alloc_cpu.cpp,
/// SizesAndStrides.h).
bool speaks_of_memory(std::string_view what) { return what.find("allocate memory") != std::string_view::npos; }

JobFailed no_memory(const JobRun& run) { return {run, ErrorCode::out_of_memory, kPlace, kNoMemory}; }

/// `what` goes to the log alone.
JobFailed unknown(const JobRun& run, const char* what) {
  spdlog::error("{}", what);
  return speaks_of_memory(what) ? no_memory(run) : JobFailed{run, ErrorCode::internal, kPlace, kInternal};
}

}  // namespace

JobFailed failure_of(const JobRun& run, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::internal) spdlog::error("{}", e.what());
    return {run, e.code(), e.place(), e.sentence()};
  } catch (const std::bad_alloc&) {
    return no_memory(run);
  } catch (const c10::OutOfMemoryError&) {
    return no_memory(run);
  } catch (const c10::Error& e) {
    return unknown(run, e.what_without_backtrace());
  } catch (const std::exception& e) {
    return unknown(run, e.what());
  } catch (...) {
    return unknown(run, "something was thrown that is no std::exception");
  }
}

}  // namespace alice
