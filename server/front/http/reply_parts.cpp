#include "server/front/http/reply_parts.h"

#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "core/base/regular_file.h"
#include "server/front/http/base64.h"

namespace alice {
namespace {

constexpr size_t kPiece = 192u << 10;  // bytes of a file at a time; a multiple of 3, so that base64 pieces join

uint64_t size_of(const std::filesystem::path& file) {
  std::error_code fault;
  const uint64_t size = std::filesystem::file_size(file, fault);
  if (fault) throw Error(ErrorCode::not_found, "", "the picture's file is not there any more");
  return size;
}

/// Holds itself by the callbacks of its own writes.
class PartsSender : public std::enable_shared_from_this<PartsSender> {
 public:
  PartsSender(std::shared_ptr<Exchange> exchange, std::vector<ReplyPart> parts)
      : exchange_(std::move(exchange)), parts_(std::move(parts)) {
    for (const ReplyPart& part : parts_) sizes_.push_back(part.text.empty() ? size_of(part.file) : part.text.size());
  }

  /// Bytes of the texts.
  uint64_t kept() const {
    uint64_t kept = 0;
    for (const ReplyPart& part : parts_) kept += part.text.size();
    return kept;
  }

  uint64_t length() const {
    uint64_t length = 0;
    for (size_t i = 0; i < parts_.size(); ++i) length += parts_[i].base64 ? (sizes_[i] + 2) / 3 * 4 : sizes_[i];
    return length;
  }

  void send_next() {
    if (next_ == parts_.size()) return exchange_->finish();
    ReplyPart& part = parts_[next_];
    if (!part.text.empty()) return send_text(part.text);
    std::string piece = read_piece(part);
    if (piece.empty()) return;
    send(part.base64 ? to_base64(piece) : std::move(piece));
  }

 private:
  void send_text(const std::string& text) {
    std::string piece = text.substr(sent_, kPiece);
    sent_ += piece.size();
    if (sent_ == text.size()) sent_ = 0, ++next_;
    send(std::move(piece));
  }

  /// Empty when the file is not what it was: the answer is cut then.
  std::string read_piece(const ReplyPart& part) {
    try {
      if (!file_) file_.emplace(part.file), read_ = 0;
      const uint64_t size = sizes_[next_];
      std::string piece = file_->read(read_, static_cast<size_t>(std::min<uint64_t>(kPiece, size - read_)));
      read_ += piece.size();
      if (read_ == size) file_.reset(), ++next_;
      return piece;
    } catch (const Error& error) {
      spdlog::error("request={} {}", exchange_->request().id, error.what());
      exchange_->abort();
      return "";
    }
  }

  void send(std::string bytes) {
    exchange_->write(std::move(bytes), [self = shared_from_this()](bool written) {
      if (written) self->send_next();
    });
  }

  const std::shared_ptr<Exchange> exchange_;
  std::vector<ReplyPart> parts_;
  std::vector<uint64_t> sizes_;
  size_t next_ = 0;
  size_t sent_ = 0;                  // of the text that is being sent
  std::optional<RegularFile> file_;  // the one that is being sent
  uint64_t read_ = 0;                // bytes of it that were
};

}  // namespace

void send_parts(const std::shared_ptr<Exchange>& exchange, int status, Headers headers, std::vector<ReplyPart> parts) {
  const auto sender = std::make_shared<PartsSender>(exchange, std::move(parts));
  exchange->begin(status, std::move(headers), sender->length(), sender->kept());
  if (exchange->is_head()) return exchange->finish();
  sender->send_next();
}

void finish_with_parts(const std::shared_ptr<Exchange>& exchange, std::vector<ReplyPart> parts) {
  std::make_shared<PartsSender>(exchange, std::move(parts))->send_next();
}

void send_own_parts(const std::shared_ptr<Exchange>& exchange, int status, Headers headers,
                    std::vector<ReplyPart> parts) {
  try {
    send_parts(exchange, status, std::move(headers), std::move(parts));
  } catch (const Error& error) {
    throw Error(ErrorCode::internal, error.place(), error.sentence());
  }
}

}  // namespace alice
