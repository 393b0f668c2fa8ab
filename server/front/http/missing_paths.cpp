#include "server/front/http/missing_paths.h"

#include <string_view>

namespace alice {
namespace {

struct Door {
  std::string_view path;  ///< the path itself; with "/" at its end, all below it
  const char* sentence;
};

constexpr const char* kA1111 = "this part of A1111's API is not built; POST /sdapi/v1/txt2img makes pictures";
constexpr const char* kComfy =
    "this part of ComfyUI's API is not built, its WebSocket among it; POST /prompt makes pictures";
constexpr const char* kOllama = "Ollama's API is not here; POST /v1/images/generations makes pictures";
constexpr const char* kNoText = "this server makes pictures, from POST /v1/images/generations or /v1/chat/completions";

constexpr Door kDoors[] = {
    {"/sdapi/", kA1111},
    {"/controlnet/", kA1111},
    {"/internal/", kA1111},
    {"/v1/responses", "OpenAI's Responses API is not built; POST /v1/images/generations makes pictures"},
    {"/v1/completions", kNoText},
    {"/v1/embeddings", kNoText},
    {"/v1/moderations", kNoText},
    {"/v1/audio/", kNoText},
    {"/ws", kComfy},
    {"/upload/", kComfy},
    {"/userdata", kComfy},
    {"/api/generate", kOllama},
    {"/api/chat", kOllama},
    {"/api/tags", kOllama},
};

bool leads_to(const Door& door, std::string_view path) {
  return door.path.back() == '/' ? path.substr(0, door.path.size()) == door.path : path == door.path;
}

}  // namespace

ApiError nothing_at(const std::string& path) {
  std::string sentence = "there is nothing at this path";
  for (const Door& door : kDoors)
    if (leads_to(door, path)) sentence = door.sentence;
  return {404, "not_found", sentence + ". GET /openapi.json lists all that is here"};
}

}  // namespace alice
