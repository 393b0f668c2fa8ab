#pragma once
// Jobs and pictures as clients see them.

#include <string>

#include "core/base/json.h"
#include "server/front/http/api_error.h"
#include "server/front/http/picture_urls.h"
#include "server/jobs/job.h"

namespace alice {

/// GET /v1/jobs/{id}'s answer, all of it (docs/API.md).
Json job_to_json(const Job& job, const PictureUrls& urls);

/// An entry of GET /v1/jobs: as job_to_json(), but of a prompt longer than kListedLetters letters, in the request or the
/// settings, only these; "cut" names the members that are cut ("request.prompt").
Json listed_job_to_json(const Job& job, const PictureUrls& urls);

/// The answer to somebody who waits for a job that did not succeed. `job` has ended otherwise.
ApiError job_failure(const Job& job, const ParamOf& param_of);

}  // namespace alice
