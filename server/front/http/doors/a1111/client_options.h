#pragma once
// What A1111 keeps for the whole server, kept for each client by itself: nobody's choice of a model changes what others
// get.

#include <cstdint>
#include <map>
#include <string>

namespace alice::a1111 {

struct ClientOptions {
  std::string model = {};      ///< id; "": the server's default
  int64_t clip_layer = 1;      ///< the layer of the text encoder that counts, from the last one, which is 1
  int64_t preview_every = 10;  ///< steps between two previews; 0: none
};

/// The loop's thread only.
class ClientOptionsBook {
 public:
  /// By Caller::client.
  ClientOptions of(const std::string& client);
  /// Of too many clients the one that has asked least lately is forgotten.
  void keep(const std::string& client, ClientOptions options);

 private:
  struct Kept {
    ClientOptions options;
    int64_t used = 0;
  };
  std::map<std::string, Kept> clients_;
  int64_t now_ = 0;
};

}  // namespace alice::a1111
