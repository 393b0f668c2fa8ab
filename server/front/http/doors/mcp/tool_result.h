#pragma once
// What a tool answers: words and pictures for a model, and the same as data for programs.

#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/front/http/picture_urls.h"
#include "server/jobs/job.h"

namespace alice {

Json tool_error(const std::string& sentence);
/// `data` also as text, for clients that show nothing else.
Json tool_data(Json data);

/// Of a job that has succeeded. `files`: its pictures' bytes by index, which the answer then holds; empty: it names
/// their addresses alone.
Json tool_pictures(const Job& job, const PictureUrls& urls, const std::vector<std::string>& files);
/// Of a job that goes on.
Json tool_unfinished(const std::string& job, const std::string& status, const std::string& words);

}  // namespace alice
