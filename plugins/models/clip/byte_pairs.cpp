#include "plugins/models/clip/byte_pairs.h"

#include <queue>
#include <tuple>

namespace alice::clip {
namespace {

bool is_printable(int byte) { return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE; }

std::string utf8_of(int code_point) {  // below U+0800
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xC0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 0x3F))};
}

ByteLetters make_letters() {
  ByteLetters letters;
  size_t place = 0;
  for (int byte = 0; byte < 256; ++byte)
    if (is_printable(byte)) letters.utf8[byte] = utf8_of(byte), letters.in_order[place++] = static_cast<uint8_t>(byte);
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte)
    if (!is_printable(byte))
      letters.utf8[byte] = utf8_of(next++), letters.in_order[place++] = static_cast<uint8_t>(byte);
  return letters;
}

int64_t id_of(const std::unordered_map<std::string, int64_t>& ids, const std::string& name) {
  const auto found = ids.find(name);
  return found == ids.end() ? BytePairs::kUnknown : found->second;
}

uint64_t key_of(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
}

/// A letter or a join of some, in a doubly linked list.
struct Piece {
  int64_t id;
  ptrdiff_t before, after;  ///< -1: none
  bool is_gone = false;
};

}  // namespace

const ByteLetters& byte_letters() {
  static const ByteLetters letters = make_letters();
  return letters;
}

BytePairs::BytePairs(const std::unordered_map<std::string, int64_t>& ids) {
  for (size_t byte = 0; byte < 256; ++byte) {
    letters_[byte] = id_of(ids, byte_letters().utf8[byte]);
    last_letters_[byte] = id_of(ids, byte_letters().utf8[byte] + kWordEnd);
  }
}

void BytePairs::add(int64_t left, int64_t right, int64_t result) {
  joins_.emplace(key_of(left, right), Join{joins_.size(), result});
}

const BytePairs::Join* BytePairs::find(int64_t left, int64_t right) const {
  if (left == kUnknown || right == kUnknown) return nullptr;
  const auto found = joins_.find(key_of(left, right));
  return found == joins_.end() ? nullptr : &found->second;
}

void BytePairs::encode(const std::string& word, std::vector<int64_t>& out) const {
  std::vector<Piece> pieces;
  pieces.reserve(word.size());
  const auto count = static_cast<ptrdiff_t>(word.size());
  for (ptrdiff_t i = 0; i < count; ++i) {
    const auto byte = static_cast<uint8_t>(word[i]);
    pieces.push_back({i + 1 < count ? letters_[byte] : last_letters_[byte], i - 1, i + 1 < count ? i + 1 : -1});
  }

  // Possible joins: lowest rank first, then leftmost. One whose pieces have changed meanwhile is out of date and passed
  // over.
  using Candidate = std::tuple<size_t, ptrdiff_t, int64_t, int64_t>;  // rank, place of the left piece, the two ids
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto consider = [&](ptrdiff_t left) {
    if (left < 0 || pieces[left].after < 0) return;
    const int64_t a = pieces[left].id, b = pieces[pieces[left].after].id;
    if (const Join* join = find(a, b)) candidates.emplace(join->rank, left, a, b);
  };
  for (ptrdiff_t i = 0; i < count; ++i) consider(i);

  while (!candidates.empty()) {
    const auto [rank, left, a, b] = candidates.top();
    candidates.pop();
    Piece& piece = pieces[left];
    if (piece.is_gone || piece.id != a || piece.after < 0 || pieces[piece.after].id != b) continue;
    Piece& next = pieces[piece.after];
    piece.id = find(a, b)->result;
    next.is_gone = true;
    piece.after = next.after;
    if (piece.after >= 0) pieces[piece.after].before = left;
    consider(piece.before);
    consider(left);
  }
  for (ptrdiff_t i = 0; i >= 0; i = pieces[i].after) out.push_back(pieces[i].id);
}

}  // namespace alice::clip
