#include "server/serve/welcome.h"

#include <algorithm>
#include <cstdio>

#include "core/base/one_line.h"
#include "core/base/picture_size.h"

namespace alice {
namespace {

/// An address that a program on this machine can call.
std::string address_of(const ServerConfig& server, int64_t port) {
  const bool is_ipv6 = server.host.find(':') != server.host.npos;
  const bool is_every = server.host == "0.0.0.0" || server.host == "::";
  const std::string host = is_every ? "127.0.0.1" : is_ipv6 ? "[" + server.host + "]" : server.host;
  return "http://" + host + ":" + std::to_string(port);
}

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// " (64x64)"
std::string size_of(const Json& model) {
  const PictureSize native = read_size_rule(model).native;
  return native.is_known() ? " (" + to_text(native) + ")" : "";
}

std::string model_line(const Json& model) {
  const std::string unavailable = model.value("unavailable", "");
  std::string words = size_of(model);
  for (const char* told : {"card", "note"})
    if (const std::string text = model.value(told, ""); !text.empty()) words += ": " + text;
  return "  " + model.value("id", "") + words +
         (unavailable.empty() ? "" : " (cannot be used: " + unavailable + ")");
}

/// One that the model is known to draw, where its files name one that a shell takes between single quotes.
std::string example_for(const Json& model) {
  const Json examples = model.value("examples", Json::array());
  const std::string prompt = examples.empty() ? "" : examples.front().get<std::string>();
  const bool is_plain = !prompt.empty() && is_plain_line(prompt) && prompt.find_first_of("'\"\\") == prompt.npos;
  return is_plain ? prompt : "a cat in a hat";
}

/// `key`: asked for with each request.
std::string example_command(const Json& model, const std::string& address, bool key) {
  return "\nType in another terminal:\n  curl -s " + address + "/v1/images/generations " +
         (key ? "-H 'Authorization: Bearer KEY' " : "") + "-H 'Content-Type: application/json' -d '{\"model\": \"" +
         model.value("id", "") + "\", \"prompt\": \"" + example_for(model) + "\"}'\nand open the URL in the answer." +
         (key ? " KEY is what `alice keys create NAME` shows." : "");
}

std::string models_text(const Json& models, const std::string& address, const std::string& folder, bool key) {
  if (models.empty())
    return "There are no models in " + folder +
           ". Put a diffusers folder or a single file (.safetensors, .ckpt, .gguf) there.";
  const auto usable =
      std::find_if(models.begin(), models.end(), [](const Json& model) { return model.value("available", false); });
  const bool is_ready = usable != models.end();
  std::string text = is_ready ? "Ready. Models:" : "Not ready: none of the models can be used.";
  for (const Json& model : models) text += "\n" + on_one_line(model_line(model));
  if (!is_ready) return text + "\n`alice check config` says what is wrong.";
  return text + example_command(*usable, address, key);
}

}  // namespace

Welcome::Welcome(const Config& config, int64_t port)
    : address_(address_of(config.server, port)),
      models_directory_(config.host.models_directory.string()),
      asks_for_keys_(config.server.require_auth) {
  say("ALICE listens on " + address_ +
      (config.server.host == "0.0.0.0" ? " and on every network of this machine" : ""));
  say("Pictures are kept in " + config.server.images_directory.string() + ". Ctrl-C stops.");
}

void Welcome::tell_reloads(const ServerState& state) {
  for (const GroupState& group : state.groups) {
    int64_t& told = reloads_[group.name];
    if (group.reloads > told) say("The group '" + group.name + "' has new plugins.");
    told = group.reloads;
  }
}

void Welcome::follow(const ServerState& state) {
  tell_reloads(state);
  std::string text;
  if (state.description.contains("models"))
    text = models_text(state.description.at("models"), address_, models_directory_, asks_for_keys_);
  else if (state.workers == 0 && !state.worker_ends.empty() && !state.not_ready.empty())
    text = "Not ready: " + state.not_ready.front();
  if (text.empty() || text == said_) return;
  said_ = text;
  say(text);
}

}  // namespace alice
