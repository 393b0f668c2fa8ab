#pragma once
// What A1111 says of pictures beside the pictures.

#include <filesystem>
#include <string>
#include <vector>

#include "server/front/http/doors/a1111/request_fields.h"
#include "server/jobs/job.h"

namespace alice::a1111 {

/// The object whose text is `info` in the answers of txt2img and img2img. Reads the settings that the pictures bear
/// from their files in `folder`: not for the loop's thread. `job` has succeeded. `warnings`: all of them, in the
/// client's spelling.
Json info_of(const Job& job, const AskedPictures& asked, const std::vector<std::string>& warnings,
             const std::filesystem::path& folder);

}  // namespace alice::a1111
