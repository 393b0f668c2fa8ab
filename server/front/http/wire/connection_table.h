#pragma once
// The open connections: how many there are, whose they are, which could go, and who waits to hear of their end. Plain
// bookkeeping on the loop's thread; size() may be asked from any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/front/http/wire/connection_input.h"

namespace alice {

/// Somebody who answers on a connection.
class ConnectionUser {
 public:
  virtual ~ConnectionUser() = default;
  virtual void connection_ended() = 0;  ///< the client left, or its connection was ended
  virtual void forget() = 0;            ///< nothing will be told any more; let go of what was waiting for it
};

class ConnectionTable {
 public:
  ConnectionTable(int64_t most, int64_t most_per_address);

  /// A place for a new connection of that address.
  enum class Place {
    any,     ///< like all others
    probes,  ///< one of a few beside them, which are kept for whoever asks how the server is
    none
  };
  /// Ends others, if that makes room, which are owed no answer: first those that never sent a whole request, the oldest
  /// first; then those that are idle, the longest first.
  Place place_for(const std::string& address);

  void add(uint64_t id, std::string address, std::shared_ptr<ConnectionInput> input, Place place = Place::any);
  /// Tells the connection's users. An unknown id (told twice) is passed over.
  void remove(uint64_t id);
  /// nullptr for an unknown id.
  std::shared_ptr<ConnectionInput> input_of(uint64_t id) const;
  /// Whether it has one of the places for probes.
  bool is_for_probes(uint64_t id) const;
  /// A request has come on the connection, and `user` answers it: it is told of the end. Nothing for an unknown id.
  void attach(uint64_t id, const std::shared_ptr<ConnectionUser>& user);
  /// No answer is owed on the connection any more. Nothing for an unknown id.
  void is_idle(uint64_t id);
  /// Every user forgets.
  void clear();
  int64_t size() const { return size_; }

 private:
  /// The least of them goes first: {has sent a request, since when}.
  using Rank = std::pair<bool, uint64_t>;
  struct Connection {
    std::string address;
    std::shared_ptr<ConnectionInput> input;  // nullptr once it is about to end
    bool is_for_probes = false;
    std::optional<Rank> rank;  // of one that could go
    std::vector<std::weak_ptr<ConnectionUser>> users;
  };

  bool end_one(const std::function<bool(const Connection&)>& is_meant);
  void count(const Connection& connection, int64_t change);
  void set_rank(uint64_t id, Connection& connection, std::optional<Rank> rank);

  const int64_t most_, most_per_address_, kept_;
  std::map<uint64_t, Connection> connections_;
  std::map<std::string, int64_t> by_address_;  // of the ordinary ones
  std::map<Rank, uint64_t> could_go_;
  uint64_t clock_ = 0;
  int64_t ordinary_ = 0, for_probes_ = 0;  // as by_address_, without those that are about to end
  std::atomic<int64_t> size_{0};
};

}  // namespace alice
