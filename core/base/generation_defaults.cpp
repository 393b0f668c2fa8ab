#include "core/base/generation_defaults.h"

#include "core/base/request_fields.h"

namespace alice {

GenerateRequest built_in_defaults(std::optional<int64_t> native_side) {
  static const GenerateRequest of_table = [] {
    Json built_in = Json::object();
    for (const RequestField& field : request_fields())
      if (!field.built_in.is_null()) built_in[field.spec.name] = field.built_in;
    return read_generate_request(built_in);
  }();
  GenerateRequest defaults = of_table;
  defaults.width = defaults.height = native_side;
  return defaults;
}

GenerateRequest with_defaults(GenerateRequest request, const GenerateRequest& defaults) {
  for (const RequestField& field : request_fields())
    if (field.default_by != DefaultBy::nobody) field.complete(request, defaults);
  return request;
}

Json describe_defaults(const GenerateRequest& defaults) {
  const Json all = generate_options().write(with_defaults(defaults, built_in_defaults()));
  Json described = Json::object();
  for (const std::string& name : model_default_names()) described[name] = all.at(name);
  return described;
}

}  // namespace alice
