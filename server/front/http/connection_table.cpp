#include "server/front/http/connection_table.h"

#include <algorithm>
#include <utility>

namespace alice {

bool ConnectionTable::has_room_for(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() || found->second < most_per_address_;
}

void ConnectionTable::add(uint64_t id, std::string address) {
  ++by_address_[address];
  connections_[id].address = std::move(address);
  size_ = static_cast<int64_t>(connections_.size());
}

void ConnectionTable::remove(uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const Connection ended = std::move(found->second);
  connections_.erase(found);
  size_ = static_cast<int64_t>(connections_.size());
  if (const auto count = by_address_.find(ended.address); --count->second == 0) by_address_.erase(count);
  for (const auto& user : ended.users)
    if (const auto alive = user.lock()) alive->connection_ended();
}

void ConnectionTable::attach(uint64_t id, const std::shared_ptr<ConnectionUser>& user) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  auto& users = found->second.users;
  users.erase(std::remove_if(users.begin(), users.end(), [](const auto& one) { return one.expired(); }), users.end());
  users.push_back(user);
}

void ConnectionTable::clear() {
  const auto all = std::exchange(connections_, {});
  by_address_.clear();
  size_ = 0;
  for (const auto& [id, connection] : all)
    for (const auto& user : connection.users)
      if (const auto alive = user.lock()) alive->forget();
}

}  // namespace alice
