#include "server/control/control_client.h"

#include <cerrno>

#include "core/base/storage.h"
#include "server/control/control_line.h"
#include "server/control/control_server.h"

namespace alice {
namespace {

constexpr int kPatienceS = 30;

Json answer_in(const std::string& text, const std::string& place) {
  const Json answer = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) throw Error(ErrorCode::internal, place, "the server answered what is no JSON object");
  const auto error = answer.find("error");
  if (error == answer.end()) return answer;
  throw Error(error_code_from(error->value("code", "")), error->value("place", ""), error->value("sentence", ""));
}

}  // namespace

std::optional<Json> ask_server(const std::filesystem::path& folder, const Json& question) {
  const std::string place = (folder / kControlSocket).string();
  const Descriptor opened(open_folder(folder));
  if (opened.number() < 0) return std::nullopt;
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = control_address(opened.number());
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    throw storage_error(place, "the server cannot be asked; its own user and root may", errno);
  }
  set_patience(socket.number(), kPatienceS);
  write_line(socket.number(), dump_json(question));
  const auto answer = read_line(socket.number(), kLongestControlLine);
  if (!answer) throw Error(ErrorCode::storage_failed, place, "the server does not answer");
  return answer_in(*answer, place);
}

Json control_error(const Error& error) {
  return {{"error", {{"code", to_string(error.code())}, {"place", error.place()}, {"sentence", error.sentence()}}}};
}

}  // namespace alice
