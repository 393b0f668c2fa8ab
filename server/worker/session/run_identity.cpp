#include "server/worker/session/run_identity.h"

#include <ATen/Parallel.h>
#include <link.h>

#include "core/host/file_stamp.h"
#include "core/host/settings.h"

namespace alice {
namespace {

int add_object(dl_phdr_info* object, size_t, void* list) {
  const bool is_program = *object->dlpi_name == '\0';
  *static_cast<std::string*>(list) += file_stamp(is_program ? "/proc/self/exe" : object->dlpi_name) + "\n";
  return 0;
}

}  // namespace

std::string loaded_programs() {
  std::string list;
  ::dl_iterate_phdr(add_object, &list);
  return list;
}

std::string run_identity(const std::string& programs, const PreparedRequest& prepared) {
  const Settings& settings = prepared.settings;
  const Backend& backend = *prepared.model->backend;
  GenerateRequest request = as_request(settings, 0);
  request.n = settings.n;
  const Json run = {{"made_of", prepared.made_of},
                    {"backend", backend.info().device},
                    {"dtype", c10::toString(backend.dtype())},
                    {"threads", at::get_num_threads()},
                    {"settings", write_generate_request(request)},
                    {"scheduler", settings.scheduler.plugin},
                    {"noise_schedule", noise_model_options().write(settings.scheduler.noise_model->options())}};
  return programs + dump_json(run);
}

}  // namespace alice
