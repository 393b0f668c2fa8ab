#pragma once
// An answer on its way through RESTinio.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <restinio/all.hpp>
#include <string>

#include "server/front/http/wire/asio_loop.h"
#include "server/front/http/wire/byte_budget.h"
#include "server/front/http/wire/connection_table.h"
#include "server/front/http/wire/transport.h"

namespace alice {

/// What all answers of a transport share.
struct Answering {
  std::shared_ptr<AsioLoop> loop;
  std::shared_ptr<ByteBudget> outgoing = std::make_shared<ByteBudget>();
  std::atomic<bool> draining{false};
  std::atomic<int64_t> unfinished{0};  ///< requests whose answer has not left yet
};

class RestinioReply : public ReplyStream, public ConnectionUser {
 public:
  /// `answered` is called on the loop's thread when the answer has left, or never will.
  RestinioReply(const restinio::request_handle_t& request, bool keep_alive, std::shared_ptr<Answering> answering,
                std::function<void()> answered);
  ~RestinioReply() override;

  void begin(const ReplyHead& head) override;
  void write(std::string bytes, OnWritten then) override { send(body_part(std::move(bytes)), false, std::move(then)); }
  void finish(std::string bytes) override;
  void abort() override;
  bool is_open() const override { return !finished_ && !ended_; }
  bool has_room_for(uint64_t bytes) const override { return answering_->outgoing->has_room_for(bytes); }
  void keeps(uint64_t bytes) override { kept_.become(bytes); }
  void on_closed(std::function<void()> left) override { left_ = std::move(left); }

  void connection_ended() override;
  void forget() override;

 private:
  restinio::writable_items_container_t body_part(std::string bytes);
  void end(restinio::writable_items_container_t items);
  void send(restinio::writable_items_container_t items, bool last, OnWritten then);

  const restinio::impl::connection_handle_t connection_;
  const restinio::request_id_t request_;
  bool close_;
  const std::shared_ptr<Answering> answering_;
  const std::function<void()> answered_;
  HeldBytes kept_;
  std::string pending_;  // the head, until the first part of the body goes with it
  bool has_body_ = true, chunked_ = false, finished_ = false, ended_ = false;
  std::function<void()> left_;
};

}  // namespace alice
