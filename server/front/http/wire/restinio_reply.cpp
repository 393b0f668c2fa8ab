#include "server/front/http/wire/restinio_reply.h"

#include <utility>

#include "server/front/http/wire/status_line.h"

namespace alice {
namespace {

std::string head_text(const ReplyHead& head, bool close) {
  const std::string reason = head.reason.empty() ? reason_phrase(head.status) : head.reason;
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " " + reason + "\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Date", restinio::make_date_field_value(std::chrono::system_clock::now()));
  add("Server", "alice");
  add("Connection", close ? "close" : "keep-alive");
  if (head.length.has_value())
    add("Content-Length", std::to_string(*head.length));
  else if (head.has_body)
    add("Transfer-Encoding", "chunked");
  for (const auto& [name, value] : head.headers) add(name, value);
  return text + "\r\n";
}

uint64_t size_of(const restinio::writable_items_container_t& items) {
  uint64_t size = 0;
  for (const auto& item : items) size += item.size();
  return size;
}

}  // namespace

RestinioReply::RestinioReply(const restinio::request_handle_t& request, bool keep_alive,
                             std::shared_ptr<Answering> answering, std::function<void()> answered)
    : connection_(std::move(restinio::impl::access_req_connection(*request))),
      request_(request->request_id()),
      close_(!keep_alive),
      answering_(std::move(answering)),
      answered_(std::move(answered)),
      kept_(answering_->outgoing) {
  ++answering_->unfinished;
}

RestinioReply::~RestinioReply() {
  if (finished_) return;
  if (ended_)
    --answering_->unfinished;
  else
    abort();
}

void RestinioReply::begin(const ReplyHead& head) {
  close_ = close_ || head.close || answering_->draining;
  has_body_ = head.has_body;
  chunked_ = has_body_ && !head.length.has_value();
  pending_ = head_text(head, close_);
}

void RestinioReply::finish(std::string bytes) {
  restinio::writable_items_container_t items = body_part(std::move(bytes));
  if (chunked_) items.emplace_back(restinio::const_buffer("0\r\n\r\n", 5));
  end(std::move(items));
}

void RestinioReply::abort() {
  close_ = true;
  end({});
}

void RestinioReply::connection_ended() {
  ended_ = true;
  if (const auto left = std::exchange(left_, nullptr); left && !finished_) left();
}

void RestinioReply::forget() {
  ended_ = true;
  left_ = nullptr;
}

restinio::writable_items_container_t RestinioReply::body_part(std::string bytes) {
  restinio::writable_items_container_t items;
  if (!pending_.empty()) items.emplace_back(std::exchange(pending_, {}));
  if (bytes.empty() || !has_body_) return items;
  if (!chunked_) {
    items.emplace_back(std::move(bytes));
    return items;
  }
  items.emplace_back(fmt::format("{:x}\r\n", bytes.size()));
  items.emplace_back(std::move(bytes));
  items.emplace_back(restinio::const_buffer("\r\n", 2));
  return items;
}

void RestinioReply::end(restinio::writable_items_container_t items) {
  finished_ = true;
  kept_.become(0);
  // Dropping the callback may drop whoever called this; that must wait until the call has returned.
  if (left_) answering_->loop->post([left = std::exchange(left_, nullptr)] {});
  send(std::move(items), true, [answering = answering_, answered = answered_](bool) {
    --answering->unfinished;
    answered();
  });
}

void RestinioReply::send(restinio::writable_items_container_t items, bool last, OnWritten then) {
  auto waiting = std::make_shared<HeldBytes>(answering_->outgoing, size_of(items));
  restinio::write_group_t group(std::move(items));
  // Posted: within the notification the connection is not yet ready for the next part.
  group.after_write_notificator(
      [loop = answering_->loop, then = std::move(then), waiting = std::move(waiting)](const auto& fault) {
        loop->post([then, waiting, written = !fault] {
          waiting->become(0);
          if (then) then(written);
        });
      });
  const auto attribute = close_ ? restinio::response_connection_attr_t::connection_close
                                : restinio::response_connection_attr_t::connection_keepalive;
  const auto parts =
      last ? restinio::response_parts_attr_t::final_parts : restinio::response_parts_attr_t::not_final_parts;
  connection_->write_response_parts(request_, {parts, attribute}, std::move(group));
}

}  // namespace alice
