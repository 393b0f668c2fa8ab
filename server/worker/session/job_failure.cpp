#include "server/worker/session/job_failure.h"

#include <c10/util/Exception.h>
#include <spdlog/spdlog.h>

#include <new>
#include <string_view>

#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kNoMemory = "there is not enough memory for this: smaller or fewer pictures may fit";

/// libtorch 1.13 has an exception of its own for other devices' memory only (c10/core/impl/alloc_cpu.cpp,
/// SizesAndStrides.h).
bool speaks_of_memory(std::string_view what) { return what.find("allocate memory") != std::string_view::npos; }

JobFailed no_memory(const JobRun& run) { return {run, ErrorCode::out_of_memory, kWorkerPlace, kNoMemory}; }

/// `what` goes to the log alone.
JobFailed unknown(const JobRun& run, const char* what, const std::string& where) {
  spdlog::error("{}{}", what, where);
  if (speaks_of_memory(what)) return no_memory(run);
  return {run, ErrorCode::internal, kWorkerPlace,
          "an internal fault ended the job" + where + "; the server's log says which"};
}

}  // namespace

JobFailed failure_of(const JobRun& run, const std::exception_ptr& thrown, const std::string& where) {
  try {
    std::rethrow_exception(thrown);
  } catch (const PluginFault& e) {
    const std::string sentence = e.place() + " " + e.sentence() + where;
    spdlog::error("{}", sentence);
    return {run, ErrorCode::internal, kWorkerPlace, sentence};
  } catch (const Error& e) {
    if (e.code() == ErrorCode::internal) spdlog::error("{}", e.what());
    return {run, e.code(), e.place(), e.sentence()};
  } catch (const std::bad_alloc&) {
    return no_memory(run);
  } catch (const c10::OutOfMemoryError&) {
    return no_memory(run);
  } catch (const c10::Error& e) {
    return unknown(run, e.what_without_backtrace(), where);
  } catch (const std::exception& e) {
    return unknown(run, e.what(), where);
  } catch (...) {
    return unknown(run, "something was thrown that is no std::exception", where);
  }
}

}  // namespace alice
