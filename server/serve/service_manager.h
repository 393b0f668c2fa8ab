#pragma once
// A word to systemd, where it listens (sd_notify(3)): without its library, as the protocol is one datagram.

#include <string>

namespace alice {

/// `state` is such as "READY=1" or "STATUS=2 jobs wait". Without NOTIFY_SOCKET, and when nobody takes it, nothing
/// happens: whether somebody listens is no matter of ours. Any thread.
void tell_service_manager(const std::string& state);

}  // namespace alice
