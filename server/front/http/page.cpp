#include "server/front/http/page.h"

#include "server/front/http/model_list.h"

namespace alice {
namespace {

constexpr const char* kExample = "a rocket on a blue background";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += c;
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += "<td>" + cell + "</td>";
  return out + "</tr>\n";
}

std::string code(const std::string& text) { return "<code>" + escaped(text) + "</code>"; }

std::string models_table(const Json& models) {
  if (models.empty()) return "<p>No model has been described yet: a worker is starting.</p>\n";
  std::string out = "<table>\n";
  for (const Json& model : models) {
    const std::string why = model.value("unavailable", "");
    out += row({code(model.value("id", "")), escaped(model.value("native_size", "")),
                escaped(why.empty() ? model.value("description", "") : "cannot be used: " + why)});
  }
  return out + "</table>\n";
}

std::string routes_table(const std::vector<Route>& routes) {
  std::string out = "<table>\n";
  for (const Route& route : routes)
    if (!route.operation.id.empty())
      out += row({code(route.method), code(route.pattern), escaped(route.operation.summary)});
  return out + "</table>\n";
}

/// Of the first model that can be used.
std::string example_of(const Json& models) {
  for (const Json& model : models) {
    if (!model.value("available", false)) continue;
    const Json examples = model.value("examples", Json::array());
    return examples.empty() ? kExample : examples[0].get<std::string>();
  }
  return kExample;
}

/// A word of a shell within single quotes.
std::string without_quotes(std::string text) {
  for (size_t at = text.find('\''); at != text.npos; at = text.find('\'', at + 4)) text.replace(at, 1, "'\\''");
  return text;
}

}  // namespace

std::string page_of(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url) {
  const Json models = list_models(state).at("data");
  const std::string body = dump_json({{"prompt", example_of(models)}});
  const std::string command = "curl " + base_url +
                              "/v1/images/generations \\\n  -H 'Content-Type: application/json' -H 'Accept: image/png' "
                              "\\\n  -d '" +
                              without_quotes(body) + "' -o picture.png";
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ALICE</title>\n"
         "<meta name=\"viewport\" content=\"width=device-width\"></head><body>\n"
         "<h1>ALICE " ALICE_VERSION "</h1>\n<p>Makes pictures from text, over HTTP. A first one:</p>\n<pre>" +
         escaped(command) + "</pre>\n<h2>Models</h2>\n" + models_table(models) + "<h2>Routes</h2>\n" +
         routes_table(routes) +
         "<p>Their fields and answers: <a href=\"/openapi.json\">/openapi.json</a>; in words: docs/API.md of the "
         "source.</p>\n</body></html>\n";
}

}  // namespace alice
