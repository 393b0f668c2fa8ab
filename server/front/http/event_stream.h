#pragma once
// Server-sent events (WHATWG HTML, section 9.2) as an answer.

#include <functional>
#include <memory>
#include <string>

#include "server/front/http/front_context.h"

namespace alice {

/// One event. `data` must be of one line, as dump_json() writes it; `id` is left out when it is "".
std::string event_text(const std::string& name, const std::string& data, const std::string& id = "");

/// Writes an answer that is a stream of events: its head, what it is given, and a comment whenever ten seconds passed
/// without anything; then it ends, too, where the key or the session that the client showed counts no more. On the
/// loop's thread only.
class EventPen : public std::enable_shared_from_this<EventPen> {
 public:
  /// `comment`: without its colon. `written` is told when what was written last has left for the client: until then
  /// more would pile up in memory.
  EventPen(const FrontContext& context, std::shared_ptr<Exchange> exchange, std::string comment,
           std::function<void()> written);

  /// Sends the head. The answer to HEAD ends with it.
  void begin();
  void write(std::string text);
  /// The last one.
  void finish(std::string text);
  /// Somebody else writes the rest of the answer.
  void leave() { heartbeat_.reset(), left_ = true; }
  bool is_writing() const { return writing_; }
  /// After finish() or leave().
  bool is_over() const { return left_; }

 private:
  void beat();

  const FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const std::string comment_;
  const std::function<void()> written_;
  EventLoop::Timer heartbeat_;
  bool writing_ = false, left_ = false;
};

}  // namespace alice
