#pragma once
// What the routes answer, as JSON Schema (2020-12, which OpenAPI 3.1 uses): tests/http/test_openapi.py compares real
// answers with it.

#include "core/base/json.h"

namespace alice {

/// name -> schema: "Job", "JobEvent", "Images", "Error", ... References lead to "#/components/schemas/".
Json answer_schemas();
/// Those of A1111's door.
Json a1111_answer_schemas();
/// Those of /v1/auth.
Json account_answer_schemas();
/// Those of ComfyUI's door.
Json comfy_answer_schemas();

}  // namespace alice
