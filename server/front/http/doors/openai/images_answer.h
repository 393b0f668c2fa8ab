#pragma once
// The answers of OpenAI's images API.

#include <filesystem>
#include <memory>
#include <string>

#include "server/front/http/doors/openai/images_request.h"
#include "server/front/http/picture_urls.h"

namespace alice {

/// The pictures' addresses.
void send_urls(Exchange& exchange, const Job& job, const ImagesRequest& request, const PictureUrls& urls);
/// The pictures themselves in base64, from their files in `folder`.
void send_base64(const std::shared_ptr<Exchange>& exchange, const Job& job, const ImagesRequest& request,
                 const std::filesystem::path& folder);
/// The one picture as it is. There is no room for words around it: warnings go into the header x-warnings, as JSON in
/// ASCII.
void send_picture(const std::shared_ptr<Exchange>& exchange, const Job& job, const ImagesRequest& request,
                  const std::filesystem::path& folder);
/// As events: image_generation.partial_image and image_generation.completed, or image_edit.*
StreamedReply streamed_pictures(const ImagesRequest& request, const std::filesystem::path& folder);

}  // namespace alice
