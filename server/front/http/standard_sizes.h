#pragma once
// The sizes that clients of OpenAI's API ask for whatever the model is: some name no other.

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/generate_request.h"
#include "core/base/picture_size.h"

namespace alice {

/// "512x768". Nothing for another form.
std::optional<PictureSize> read_size(const std::string& text);

/// One of those that OpenAI's models have.
bool is_standard(const PictureSize& size);

/// `size`, or, when `model` (an entry of the description's models) makes no picture as large, one of the same aspect
/// ratio with as many pixels as the model's native one: what it draws best. `size` too where the model is not described
/// or its description does not tell.
PictureSize fitted(const PictureSize& size, const Json& model);

/// For clients that ask for one size whatever the model is: brings the size that `request` says to what the model
/// makes, sides to its multiples. One side alone means the shape of the picture, where there is one. A sentence that
/// tells what became of it; "" where nothing did.
std::string fit_asked_size(GenerateRequest& request, const Json& model);

}  // namespace alice
