#include "server/worker/watched_work.h"

#include <c10/util/Exception.h>

#include <new>

#include "core/host/plugin_call.h"
#include "server/worker/crash_report.h"

namespace alice {

void do_watched(const GenerateRequest& request, const std::function<void(WorkWatch&)>& work) {
  CrashReport crashes;
  WorkWatch watch(request, [&] { crashes.is_doing(watch.where()); });
  try {
    work(watch);
  } catch (const PluginFault& e) {
    throw Error(ErrorCode::internal, "", e.place() + " " + e.sentence() + watch.where());
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& e) {
    throw Error(ErrorCode::internal, "", "internal fault: " + std::string(e.what_without_backtrace()) + watch.where());
  } catch (const std::exception& e) {
    throw Error(ErrorCode::internal, "", "internal fault: " + std::string(e.what()) + watch.where());
  } catch (...) {
    throw Error(ErrorCode::internal, "", "internal fault: what was thrown is no std::exception" + watch.where());
  }
}

}  // namespace alice
