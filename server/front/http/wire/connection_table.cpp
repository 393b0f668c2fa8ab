#include "server/front/http/wire/connection_table.h"

#include <algorithm>
#include <utility>

#include "server/front/http/api_error.h"

namespace alice {
namespace {

/// Of the places, how many are for probes: without them nobody could see from outside what goes on in a flood.
int64_t places_for_probes(int64_t most) {
  constexpr int64_t kMost = 16, kPart = 8;
  return std::min(kMost, most / kPart);
}

}  // namespace

ConnectionTable::ConnectionTable(int64_t most, int64_t most_per_address)
    : most_(most), most_per_address_(most_per_address), kept_(places_for_probes(most)) {}

ConnectionTable::Place ConnectionTable::place_for(const std::string& address) {
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && found->second >= most_per_address_) {
    if (end_one([&](const Connection& one) { return !one.is_for_probes && one.address == address; })) return Place::any;
  } else if (ordinary_ < most_ - kept_ || end_one([](const Connection& one) { return !one.is_for_probes; })) {
    return Place::any;
  }
  if (for_probes_ < kept_ || end_one([](const Connection& one) { return one.is_for_probes; })) return Place::probes;
  return Place::none;
}

/// The first of those that could go. Its end comes later, by remove(); it counts no more.
bool ConnectionTable::end_one(const std::function<bool(const Connection&)>& is_meant) {
  for (const auto& [rank, id] : could_go_) {
    Connection& connection = connections_.at(id);
    if (!is_meant(connection) || connection.input->has_news()) continue;
    count(connection, -1);
    set_rank(id, connection, std::nullopt);
    std::exchange(connection.input, nullptr)->end(no_room_answer());
    return true;
  }
  return false;
}

void ConnectionTable::count(const Connection& connection, int64_t change) {
  if (connection.is_for_probes) {
    for_probes_ += change;
    return;
  }
  ordinary_ += change;
  if (const auto found = by_address_.try_emplace(connection.address).first; (found->second += change) == 0)
    by_address_.erase(found);
}

void ConnectionTable::set_rank(uint64_t id, Connection& connection, std::optional<Rank> rank) {
  if (connection.rank.has_value()) could_go_.erase(*connection.rank);
  connection.rank = rank;
  if (rank.has_value()) could_go_.emplace(*rank, id);
}

void ConnectionTable::add(uint64_t id, std::string address, std::shared_ptr<ConnectionInput> input, Place place) {
  Connection& connection = connections_[id];
  connection.address = std::move(address);
  connection.input = std::move(input);
  connection.is_for_probes = place == Place::probes;
  count(connection, 1);
  set_rank(id, connection, Rank{false, ++clock_});
  size_ = static_cast<int64_t>(connections_.size());
}

void ConnectionTable::remove(uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  set_rank(id, found->second, std::nullopt);
  const Connection ended = std::move(found->second);
  connections_.erase(found);
  size_ = static_cast<int64_t>(connections_.size());
  if (ended.input != nullptr) count(ended, -1);
  for (const auto& user : ended.users)
    if (const auto alive = user.lock()) alive->connection_ended();
}

std::shared_ptr<ConnectionInput> ConnectionTable::input_of(uint64_t id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.input;
}

bool ConnectionTable::is_for_probes(uint64_t id) const {
  const auto found = connections_.find(id);
  return found != connections_.end() && found->second.is_for_probes;
}

void ConnectionTable::attach(uint64_t id, const std::shared_ptr<ConnectionUser>& user) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  set_rank(id, found->second, std::nullopt);
  auto& users = found->second.users;
  users.erase(std::remove_if(users.begin(), users.end(), [](const auto& one) { return one.expired(); }), users.end());
  users.push_back(user);
}

void ConnectionTable::is_idle(uint64_t id) {
  const auto found = connections_.find(id);
  if (found != connections_.end() && found->second.input != nullptr)
    set_rank(id, found->second, Rank{true, ++clock_});
}

void ConnectionTable::clear() {
  const auto all = std::exchange(connections_, {});
  by_address_.clear();
  could_go_.clear();
  size_ = ordinary_ = for_probes_ = 0;
  for (const auto& [id, connection] : all)
    for (const auto& user : connection.users)
      if (const auto alive = user.lock()) alive->forget();
}

}  // namespace alice
