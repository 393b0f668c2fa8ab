#include "server/accounts/key_commands.h"

#include <utility>

#include "server/accounts/account_json.h"
#include "server/accounts/waited.h"

namespace alice {
namespace {

constexpr int64_t kDayS = 24 * 3600;

NewKey read_new_key(const Accounts& accounts, const Json& question) {
  NewKey key;
  key.name = question.at("name");
  key.user = question.value("user", "");
  const auto level = level_from(question.at("level"));
  if (!level) throw Error(ErrorCode::bad_request, "level", "must be user or admin");
  key.level = *level;
  const std::string words = question.value("scopes", "");
  const auto scopes = words.empty() ? Scopes::usual(key.level) : Scopes::from(words);
  if (!scopes) throw Error(ErrorCode::bad_request, "scopes", "must be of " + dump_json(scope_words()));
  key.scopes = *scopes;
  if (question.contains("expires_days"))
    key.expires_s = accounts.now_s() + question.at("expires_days").get<int64_t>() * kDayS;
  return key;
}

Json answer(Accounts& accounts, const Json& question) {
  const std::string what = question.at("do");
  if (what == "create") {
    const auto made =
        waited<MadeKey>([&](auto then) { accounts.create(read_new_key(accounts, question), std::move(then)); });
    return {{"key", key_to_json(made.key)}, {"text", made.text}};
  }
  if (what == "revoke") {
    const std::string id = question.at("id");
    return {{"key", key_to_json(waited<AccessKey>([&](auto then) { accounts.revoke(id, std::move(then)); }))}};
  }
  if (what != "list") throw Error(ErrorCode::bad_request, "do", "must be create, list or revoke");
  Json keys = Json::array();
  for (const AccessKey& key : waited<std::vector<AccessKey>>([&](auto then) { accounts.list(std::move(then)); }))
    keys.push_back(key_to_json(key));
  return {{"keys", keys}};
}

}  // namespace

Json answer_key_command(Accounts& accounts, const Json& question) {
  try {
    return answer(accounts, question);
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::bad_request, "", std::string("is no question about keys: ") + e.what());
  }
}

}  // namespace alice
