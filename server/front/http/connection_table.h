#pragma once
// The open connections: how many there are, whose they are, and who waits to hear of their end. Plain bookkeeping on
// the loop's thread; size() may be asked from any thread.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

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
  ConnectionTable(int64_t most, int64_t most_per_address) : most_(most), most_per_address_(most_per_address) {}

  bool has_room() const { return size() < most_; }
  bool has_room_for(const std::string& address) const;
  void add(uint64_t id, std::string address);
  /// Tells the connection's users. An unknown id (told twice) is passed over.
  void remove(uint64_t id);
  /// `user` is told of the end; nothing happens for an unknown id.
  void attach(uint64_t id, const std::shared_ptr<ConnectionUser>& user);
  /// Every user forgets.
  void clear();
  int64_t size() const { return size_; }

 private:
  struct Connection {
    std::string address;
    std::vector<std::weak_ptr<ConnectionUser>> users;
  };

  const int64_t most_, most_per_address_;
  std::map<uint64_t, Connection> connections_;
  std::map<std::string, int64_t> by_address_;
  std::atomic<int64_t> size_{0};
};

}  // namespace alice
