#pragma once
// What comes in on one connection: its requests in their order, and the few words that are said on it outside of any
// answer. On the loop's thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/front/http/wire/byte_budget.h"
#include "server/front/http/wire/request_reader.h"

namespace alice {

class ConnectionInput {
 public:
  /// `budget`: of what all connections keep that is not answered yet.
  ConnectionInput(const ReadLimits& limits, BodyLimit body_limit, std::shared_ptr<ByteBudget> budget);

  /// The descriptor that words are said on; it stays open as long as the connection.
  void opened(int descriptor) { descriptor_ = descriptor; }

  /// Bytes that came. Those behind a request's end wait for their turn, those behind the last request are dropped.
  void take(std::string_view bytes);
  /// Takes up what waits. Call it when the next request is wanted.
  void go_on() { take({}); }
  bool has_request() const { return reader_.is_done(); }
  /// The request that is there. It counts as unanswered until answered().
  IncomingRequest next();

  /// The first bytes of an answer leave: what its request held is given back.
  void answer_begins();
  /// An answer has left, or never will.
  void answered();
  bool owes_answers() const { return unanswered_ > 0; }
  /// A request is there, or bytes have come that nobody has looked at yet.
  bool has_news() const;

  /// The client has ended its side: it hears nothing more.
  void left() { has_left_ = true; }
  /// Makes the connection end as if the client had left, with `words` when it is in the midst of a request. Not while
  /// answers are owed or a request is there.
  void end(const std::string& words);
  /// The connection is closed now, for whatever reason: what there is to say is said.
  void closing();

 private:
  void take_up();
  void account();
  void say(std::string_view words) const;

  RequestReader reader_;
  HeldBytes held_;
  std::string rest_;      // bytes behind the request that is done
  uint64_t handed_ = 0;   // bytes of requests that are being answered
  int64_t unanswered_ = 0;
  int descriptor_ = -1;
  bool is_last_ = false;  // no request follows
  bool has_left_ = false, awaits_continue_ = false;
};

}  // namespace alice
