#pragma once
// What clients of OpenAI's images API ask: the fields of the three routes, with this server's settings beside them.

#include <optional>
#include <string>
#include <vector>

#include "server/front/http/exchange.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/sent_body.h"
#include "server/front/http/waiting_post.h"

namespace alice {

enum class ImagesKind {
  generation,  ///< /v1/images/generations: JSON
  edit,        ///< /v1/images/edits: JSON or a form, with an image and perhaps a mask
  variation,   ///< /v1/images/variations: the same without a mask and without a prompt
};

enum class ResponseFormat { url, b64_json };
enum class Background { automatic, opaque, transparent };

/// What these routes have beside a picture's settings.
struct ImagesDoor {
  std::optional<ResponseFormat> response_format;  ///< absent: as the named model's clients expect it
  std::optional<OnDisconnect> on_disconnect;
  std::string size = "auto", quality = "auto";
  Background background = Background::automatic;
  bool stream = false, strict = false;
  int64_t partial_images = 0;
};

struct ImagesRequest {
  ImagesKind kind = ImagesKind::generation;
  JobRequest job;
  ImagesDoor door;
  std::vector<std::string> warnings;
  ParamOf param_of;  ///< the client's spelling, for errors
  PictureFormat format = PictureFormat::png;
};

/// Throws ApiError with every fault.
ImagesRequest read_images_request(ImagesKind kind, SentBody body);

/// The queries that clients send without need. Throws ApiError 400 for any other.
void read_images_query(const HttpRequest& http, std::vector<std::string>& warnings);

/// The fields of a route, as JSON Schema.
Json images_schema(ImagesKind kind);

}  // namespace alice
