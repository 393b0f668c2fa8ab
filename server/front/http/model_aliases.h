#pragma once
// Names that clients call models by, which are no model's own.

#include <string>

#include "core/base/json.h"
#include "server/config/server_config.h"

namespace alice {

struct MeantModel {
  std::string id;       ///< as requests name models; "": the default one
  std::string warning;  ///< of a name that only the built-in aliases know; "" for any other
};

/// What `asked` means: itself, where `description` (what workers say of themselves) has a model of that name; else what
/// the configuration's models.aliases say, else, of OpenAI's own names, the default model. A name that none of them has
/// is left as it is.
MeantModel meant_model(const std::string& asked, const ServerConfig& config, const Json& description);

/// Whether a client that names this model and no response_format expects base64, as from OpenAI's newer models.
bool expects_base64(const std::string& asked);

}  // namespace alice
