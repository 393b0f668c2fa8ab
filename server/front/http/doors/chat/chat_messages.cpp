#include "server/front/http/doors/chat/chat_messages.h"

#include <algorithm>
#include <iterator>

#include "server/front/http/sent_body.h"

namespace alice {
namespace {

constexpr size_t kMostMessages = 2000;

struct PromptParts {
  std::string text;
  std::vector<PlacedPicture> pictures;
};

/// {"type": "image_url", "image_url": {"url": "data:..."}}, or the URL without an object around it.
void add_picture(const Json& part, const std::string& place, PromptParts& found, Faults& faults) {
  const Json* url = part.contains("image_url") ? &part["image_url"] : nullptr;
  if (url != nullptr && url->is_object()) url = url->contains("url") ? &(*url)["url"] : nullptr;
  if (url == nullptr || !url->is_string())
    faults.add(place + "/image_url", "must be an object with a url that is a string: a data URL");
  else
    found.pictures.push_back({place + "/image_url/url", url->get<std::string>()});
}

/// Of the parts of a message's content: the texts, joined by line breaks, and the pictures.
PromptParts join_parts(const Json& parts, const std::string& place, Faults& faults, Faults& refused) {
  PromptParts found;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Json& part = parts[i];
    const std::string here = place + "/" + std::to_string(i);
    if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) {
      faults.add(here, "must be an object with a type, such as {\"type\": \"text\", \"text\": \"...\"}");
    } else if (part["type"] == "image_url") {
      add_picture(part, here, found, faults);
    } else if (part["type"] != "text") {
      refused.add(here + "/type", "only parts of the types text and image_url are supported");
    } else if (!part.contains("text") || !part["text"].is_string()) {
      faults.add(here + "/text", "must be a string");
    } else {
      found.text += (found.text.empty() ? "" : "\n") + part["text"].get<std::string>();
    }
  }
  return found;
}

bool is_user(const Json& message) {
  return message.is_object() && message.contains("role") && message["role"] == "user";
}

}  // namespace

std::vector<PlacedPicture> take_prompt(const Json& messages, DoorFields& fields, Faults& faults) {
  if (!messages.is_array() || messages.empty() || messages.size() > kMostMessages) {
    faults.add("/messages", "must be a list of 1 to " + std::to_string(kMostMessages) + " messages");
    return {};
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      faults.add("/messages/" + std::to_string(i), "must be an object with a role and a content");
  }
  const auto last = std::find_if(messages.rbegin(), messages.rend(), is_user);
  if (last == messages.rend()) {
    faults.add("/messages", "has no message of the role user");
    return {};
  }
  const auto index = std::distance(last, messages.rend()) - 1;
  const std::string place = "/messages/" + std::to_string(index) + "/content";
  const Json content = last->value("content", Json());
  PromptParts prompt;
  if (content.is_string())
    prompt.text = content.get<std::string>();
  else if (content.is_array())
    prompt = join_parts(content, place, faults, fields.refused);
  else
    faults.add(place, "must be a string or a list of parts");
  if (prompt.text.find_first_not_of(" \t\r\n") == std::string::npos && faults.empty() && fields.refused.empty())
    faults.add(place, "is empty; it is the prompt");
  fields.generate["prompt"] = prompt.text;
  fields.places["prompt"] = place;
  return std::move(prompt.pictures);
}

void take_picture(const std::vector<PlacedPicture>& pictures, DoorFields& fields, std::vector<SentPicture>& sent,
                  Faults& faults) {
  if (pictures.empty()) return;
  const PlacedPicture& first = pictures.front();
  fields.places["image"] = first.place;
  if (auto picture = read_sent_picture(first.text, first.place, faults)) {
    fields.generate["image"] = {{"sha256", picture->sha256}};
    sent.push_back(std::move(*picture));
  }
  for (size_t i = 1; i < pictures.size(); ++i)
    fields.warnings.push_back(pointer_to_param(pictures[i].place) + ": one picture is used, the first");
}

Json messages_schema() {
  const Json part = {{"type", "object"},
                     {"properties", {{"type", {{"const", "text"}}}, {"text", {{"type", "string"}}}}},
                     {"required", {"type", "text"}}};
  const Json url = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}, {"required", {"url"}}};
  const Json picture = {{"type", "object"},
                        {"properties", {{"type", {{"const", "image_url"}}}, {"image_url", url}}},
                        {"required", {"type", "image_url"}}};
  const Json parts = {{"type", "array"}, {"items", {{"anyOf", {part, picture}}}}};
  const Json content = {{"anyOf", {{{"type", "string"}}, parts}}};
  const Json message = {{"type", "object"},
                        {"properties", {{"role", {{"type", "string"}}}, {"content", content}}},
                        {"required", {"role"}}};
  return {{"type", "array"},
          {"minItems", 1},
          {"maxItems", kMostMessages},
          {"items", message},
          {"description", "the prompt is the content of the last message of the role user"}};
}

}  // namespace alice
