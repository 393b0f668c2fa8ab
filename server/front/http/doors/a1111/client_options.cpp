#include "server/front/http/doors/a1111/client_options.h"

#include <algorithm>
#include <utility>

namespace alice::a1111 {
namespace {

constexpr size_t kMostClients = 1000;

}  // namespace

ClientOptions ClientOptionsBook::of(const std::string& client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return {};
  found->second.used = ++now_;
  return found->second.options;
}

void ClientOptionsBook::keep(const std::string& client, ClientOptions options) {
  clients_[client] = {std::move(options), ++now_};
  if (clients_.size() <= kMostClients) return;
  clients_.erase(std::min_element(clients_.begin(), clients_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
}

}  // namespace alice::a1111
