#include "server/front/http/doors/mcp/tool_result.h"

#include "core/base/picture_format.h"
#include "server/front/http/base64.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

Json text_part(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

Json result_of(Json content, Json data, bool is_error) {
  Json result = {{"content", std::move(content)}, {"isError", is_error}};
  if (!data.is_null()) result["structuredContent"] = std::move(data);
  return result;
}

const char* content_type_of_file(const PictureFile& picture) {
  return content_type_of(picture_format_named(picture.file).value_or(PictureFormat::png));
}

std::string words_about(const Job& job, const Json& images) {
  std::string text = "Job " + job.id + " made " + std::to_string(images.size()) +
                     (images.size() == 1 ? " picture" : " pictures") + " with " + job.settings.value("model", "") + ".";
  for (const Json& image : images)
    text += "\nseed " + dump_json(image.at("seed")) + ": " + image.at("url").get_ref<const std::string&>();
  for (const std::string& warning : job.warnings) text += "\nWarning: " + warning;
  return text;
}

}  // namespace

Json tool_error(const std::string& sentence) { return result_of(Json::array({text_part(sentence)}), nullptr, true); }

Json tool_data(Json data) {
  Json content = Json::array({text_part(dump_json(data))});
  return result_of(std::move(content), std::move(data), false);
}

Json tool_pictures(const Job& job, const PictureUrls& urls, const std::vector<std::string>& files) {
  Json images = Json::array(), content = Json::array();
  for (const PictureFile& picture : job.pictures)
    images.push_back({{"url", picture_url(urls, picture)},
                      {"seed", picture.seed},
                      {"width", picture.width},
                      {"height", picture.height}});
  for (size_t i = 0; i < files.size(); ++i)
    content.push_back({{"type", "image"},
                       {"data", to_base64(files[i])},
                       {"mimeType", content_type_of_file(job.pictures.at(i))}});
  content.push_back(text_part(words_about(job, images)));
  return result_of(std::move(content),
                   {{"job", job.id},
                    {"status", to_string(job.status)},
                    {"images", images},
                    {"settings", job.settings},
                    {"warnings", job.warnings}},
                   false);
}

Json tool_unfinished(const std::string& job, const std::string& status, const std::string& words) {
  return result_of(Json::array({text_part("Job " + job + " goes on (" + words + "). get_job tells when it is done.")}),
                   {{"job", job}, {"status", status}, {"images", Json::array()}}, false);
}

}  // namespace alice
