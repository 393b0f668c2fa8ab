#include "server/front/http/doors/a1111/sent_picture.h"

#include "core/base/picture_format.h"
#include "core/base/sha256.h"
#include "core/base/text.h"
#include "server/front/http/base64.h"

namespace alice::a1111 {

std::string read_picture_text(const Json& value, const std::string& place, Faults& faults) {
  const auto refuse = [&](const char* sentence) {
    faults.add(place, sentence);
    return std::string();
  };
  if (!value.is_string()) return refuse("must be a picture: its bytes in base64, or a data URL");
  std::string_view text = value.get_ref<const std::string&>();
  if (starts_with(text, "http:") || starts_with(text, "https:"))
    return refuse("is an address; nothing is fetched from elsewhere: send the picture's bytes");
  if (starts_with(text, "data:")) text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
  std::optional<std::string> bytes = from_base64(text);
  if (!bytes || bytes->empty()) return refuse("is no base64: it must be a picture's bytes in base64, or a data URL");
  return std::move(*bytes);
}

void take_sent_picture(const Json& value, const std::string& place, const std::string& field, DoorFields& fields,
                       std::vector<SentPicture>& sent, Faults& faults) {
  std::string bytes = read_picture_text(value, place, faults);
  if (bytes.empty()) return;
  if (!picture_format_of(bytes)) return faults.add(place, other_format_sentence(bytes));
  SentPicture picture;
  picture.sha256 = sha256_of(bytes);
  picture.bytes = std::make_shared<const std::string>(std::move(bytes));
  fields.generate[field] = {{"sha256", picture.sha256}};
  fields.places[field] = place;
  sent.push_back(std::move(picture));
}

}  // namespace alice::a1111
