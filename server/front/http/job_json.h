#pragma once
// Jobs and pictures as clients see them.

#include <string>

#include "core/base/json.h"
#include "server/front/http/api_error.h"
#include "server/jobs/job.h"

namespace alice {

/// "<base>/images/<file>".
std::string picture_url(const std::string& base_url, const PictureFile& picture);

/// GET /v1/jobs/{id}'s answer, all of it (docs/API.md).
Json job_to_json(const Job& job, const std::string& base_url);

/// An entry of GET /v1/jobs: as job_to_json(), but of a prompt longer than kListedLetters letters, in the request or the
/// settings, only these; "cut" names the members that are cut ("request.prompt").
Json listed_job_to_json(const Job& job, const std::string& base_url);

/// The answer to somebody who waits for a job that did not succeed. `job` has ended otherwise.
ApiError job_failure(const Job& job, const ParamOf& param_of);

}  // namespace alice
