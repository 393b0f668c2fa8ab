#pragma once
// The pictures that a request is made from, as files.

#include <filesystem>
#include <string>
#include <vector>

#include "core/host/input_pictures.h"

namespace alice {

/// Pictures that a command line names, each "" or a file. `request` is given their hashes. What a file holds and is not
/// used is added to `warnings`. Throws Error(not_found), and Error(bad_request) at "--image" or "--mask" for what is no
/// picture, and for a picture that `request` names already (it was recorded) and no file is given for.
InputPictures read_named_pictures(const std::string& image, const std::string& mask, GenerateRequest& request,
                                  std::vector<std::string>& warnings);

/// Those that `request` names, each in the file of `folder` that is called as its hash. Throws Error(storage_failed)
/// for one that is not there or of another hash, Error(bad_request) at "/image" or "/mask" for one that is no picture.
InputPictures read_kept_pictures(const std::filesystem::path& folder, const GenerateRequest& request,
                                 std::vector<std::string>& warnings);

}  // namespace alice
