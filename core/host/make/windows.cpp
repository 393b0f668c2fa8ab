#include "core/host/make/windows.h"

#include <algorithm>
#include <optional>

#include "core/base/prompt_weights.h"
#include "core/base/prompt_words.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/host/plugin_call.h"

namespace alice {
namespace {

constexpr const char* kTextEncoder = "the text encoder";  // who is to blame, for people
constexpr size_t kFarthestComma = 20;                     // A1111's comma_padding_backtrack
constexpr size_t kWholePiece = 8;                         // ComfyUI's max_word_length

struct Token {
  int64_t id = 0;
  Tensor vector = {};  // in its place
  double weight = 1;
};
using Tokens = std::vector<Token>;

/// The ids of the words alone.
std::vector<int64_t> ids_of(const TextEncoder& encoder, const std::string& text) {
  const TokenIds ids = call_plugin(kTextEncoder, [&] { return encoder.tokenize(text); });
  const TokenFrame& frame = encoder.info().frame;
  if (ids.all.size() < frame.start.size() + frame.end.size())
    throw PluginFault(kTextEncoder, "gives fewer ids than its frame has");
  return {ids.all.begin() + static_cast<std::ptrdiff_t>(frame.start.size()),
          ids.all.end() - static_cast<std::ptrdiff_t>(frame.end.size())};
}

size_t room_of(const TextEncoderInfo& info) {
  return static_cast<size_t>(info.token_limit) - info.frame.start.size() - info.frame.end.size();
}

Tokens as_tokens(const std::vector<int64_t>& ids, double weight) {
  Tokens tokens;
  for (const int64_t id : ids) tokens.push_back({id, {}, weight});
  return tokens;
}

Tokens as_tokens(const Embedding& embedding, const std::string& role, double weight) {
  Tokens tokens;
  for (const Tensor& vector : embedding.vectors.at(role).unbind()) tokens.push_back({0, vector, weight});
  return tokens;
}

/// Start, tokens, end, padding.
WeightedWindow framed(const Tokens& tokens, const TextEncoderInfo& info) {
  WeightedWindow window;
  std::vector<int64_t>& ids = window.tokens.ids;
  ids = info.frame.start;
  const size_t first = ids.size();
  const auto counts = [](const Token& token) { return token.weight != 1; };
  if (std::any_of(tokens.begin(), tokens.end(), counts))
    window.weights.assign(static_cast<size_t>(info.token_limit), 1);
  for (size_t i = 0; i < tokens.size(); ++i) {
    ids.push_back(tokens[i].id);
    if (tokens[i].vector.defined()) window.tokens.vectors[static_cast<int64_t>(first + i)] = tokens[i].vector;
    if (!window.weights.empty()) window.weights[first + i] = tokens[i].weight;
  }
  ids.insert(ids.end(), info.frame.end.begin(), info.frame.end.end());
  ids.resize(static_cast<size_t>(info.token_limit), info.frame.padding);
  return window;
}

/// Windows in the making.
class Filling {
 public:
  explicit Filling(const TextEncoderInfo& info) : info_(info), room_(room_of(info)) {}

  size_t used() const { return now_.size(); }
  size_t room() const { return room_; }
  void add(Token token) { now_.push_back(std::move(token)); }
  void add(const Tokens& tokens) { now_.insert(now_.end(), tokens.begin(), tokens.end()); }
  void close() { done_.push_back(std::move(now_)), now_ = {}; }
  /// Closes the window without the tokens from `first` on, which open the next one.
  void close_before(size_t first) {
    const Tokens moved(now_.begin() + static_cast<std::ptrdiff_t>(first), now_.end());
    now_.resize(first);
    close();
    add(moved);
  }

  std::vector<WeightedWindow> finish(const std::string& field, std::vector<std::string>& warnings) {
    if (!now_.empty() || done_.empty()) close();
    if (done_.size() > kMostWindows) {
      warnings.push_back(field + ": only " + std::to_string(kMostWindows) + " windows of " + std::to_string(room_) +
                         " tokens count, and it has " + std::to_string(done_.size()) + ": its end is not used");
      done_.resize(kMostWindows);
    }
    std::vector<WeightedWindow> windows;
    for (const Tokens& tokens : done_) windows.push_back(framed(tokens, info_));
    return windows;
  }

 private:
  const TextEncoderInfo& info_;
  const size_t room_;
  std::vector<Tokens> done_;
  Tokens now_;
};

/// What the ids of names mean, the longest first.
class WordsById {
 public:
  explicit WordsById(const WindowsFor& reader) {
    for (const Embedding& embedding : reader.embeddings) {
      std::vector<int64_t> ids = ids_of(reader.encoder, embedding.name);
      if (!ids.empty() && embedding.vectors.count(reader.role) > 0) words_.push_back({std::move(ids), &embedding});
    }
    std::stable_sort(words_.begin(), words_.end(),
                     [](const Word& a, const Word& b) { return a.ids.size() > b.ids.size(); });
  }

  struct Word {
    std::vector<int64_t> ids;
    const Embedding* embedding;
  };
  /// The word whose ids stand at `at`; null when there is none.
  const Word* find(const std::vector<int64_t>& ids, size_t at) const {
    for (const Word& word : words_)
      if (word.ids.size() <= ids.size() - at &&
          std::equal(word.ids.begin(), word.ids.end(), ids.begin() + static_cast<std::ptrdiff_t>(at)))
        return &word;
    return nullptr;
  }

 private:
  std::vector<Word> words_;
};

class A1111Windows {
 public:
  explicit A1111Windows(const WindowsFor& reader)
      : reader_(reader), filling_(reader.encoder.info()), words_(reader), comma_(comma_of(reader.encoder)) {}

  Filling& read(const std::vector<WeightedText>& pieces) {
    for (const WeightedText& piece : pieces) piece.is_break() ? close() : add(piece);
    return filling_;
  }

 private:
  static std::optional<int64_t> comma_of(const TextEncoder& encoder) {
    const std::vector<int64_t> ids = ids_of(encoder, ",");
    return ids.size() == 1 ? std::optional(ids.front()) : std::nullopt;
  }

  void close() {
    filling_.close();
    last_comma_.reset();
  }

  void add(const WeightedText& piece) {
    const std::vector<int64_t> ids = ids_of(reader_.encoder, piece.text);
    for (size_t at = 0; at < ids.size();) {
      make_room(ids[at]);
      const WordsById::Word* word = words_.find(ids, at);
      if (word == nullptr) {
        filling_.add({ids[at++], {}, piece.weight});
        continue;
      }
      const Tokens vectors = as_tokens(*word->embedding, reader_.role, piece.weight);
      if (filling_.used() + vectors.size() > filling_.room()) close();
      filling_.add(vectors);
      at += word->ids.size();
    }
  }

  /// A comma is never what moves others; it may be the first of a window.
  void make_room(int64_t id) {
    const size_t used = filling_.used();
    if (id == comma_) {
      last_comma_ = used;
    } else if (used == filling_.room() && last_comma_ && used - *last_comma_ <= kFarthestComma) {
      filling_.close_before(*last_comma_ + 1);
      last_comma_.reset();
    }
    if (filling_.used() >= filling_.room()) close();
  }

  const WindowsFor& reader_;
  Filling filling_;
  const WordsById words_;
  const std::optional<int64_t> comma_;
  std::optional<size_t> last_comma_;  // its place in the window that is filled
};

/// Groups of tokens that belong together: of one piece, cut at embeddings.
class ComfyUIGroups {
 public:
  explicit ComfyUIGroups(const WindowsFor& reader) : reader_(reader) {}

  std::vector<Tokens> read(const std::vector<WeightedText>& pieces) {
    for (const WeightedText& piece : pieces)
      for (std::string_view word : words_of(piece.text)) add(word, piece.weight);
    return std::move(groups_);
  }

 private:
  static constexpr std::string_view kMark = "embedding:";

  /// A word begins at the mark, where a blank or a line's end stands before it.
  static std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    size_t begin = 0;
    for (size_t at = 1; at < text.size(); ++at) {
      const bool is_mark = (text[at - 1] == ' ' || text[at - 1] == '\n') && starts_with(text.substr(at), kMark);
      if (!is_mark) continue;
      if (at - 1 > begin) words.push_back(text.substr(begin, at - 1 - begin));
      begin = at;
    }
    if (begin < text.size()) words.push_back(text.substr(begin));
    return words;
  }

  void add(std::string_view word, double weight) {
    if (starts_with(word, kMark)) word = after_embedding(word, weight);
    if (!word.empty()) groups_.push_back(as_tokens(ids_of(reader_.encoder, std::string(word)), weight));
  }

  /// Adds what embedding:NAME means; what stands behind the name. A name that nobody knows is nothing, as there.
  std::string_view after_embedding(std::string_view word, double weight) {
    std::string_view rest = word.substr(kMark.size());
    const size_t end = std::min(rest.find_first_of(" \t\r\n"), rest.size());
    std::string_view name = rest.substr(0, end);
    const Embedding* found = find(name);
    if (found == nullptr) {
      const size_t comma = std::min(name.find_last_not_of(',') + 1, name.size());
      found = find(name.substr(0, comma));
      if (found != nullptr) name = name.substr(0, comma);
    }
    if (found != nullptr) groups_.push_back(as_tokens(*found, reader_.role, weight));
    rest.remove_prefix(name.size());
    while (const size_t blank = blank_at(rest, 0)) rest.remove_prefix(blank);
    return rest;
  }

  const Embedding* find(std::string_view name) const {
    for (const Embedding& embedding : reader_.embeddings)
      if (embedding.name == name && embedding.vectors.count(reader_.role) > 0) return &embedding;
    return nullptr;
  }

  const WindowsFor& reader_;
  std::vector<Tokens> groups_;
};

void fill(Filling& filling, Tokens group) {
  const bool is_large = group.size() >= kWholePiece;
  while (!group.empty()) {
    const size_t left = filling.room() - filling.used();
    if (group.size() <= left) return filling.add(group);
    if (is_large) {
      filling.add(Tokens(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(left)));
      group.erase(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(left));
    }
    filling.close();
  }
}

/// Where a word's name stands as it is written, its vectors stand instead, as the reference's tokenizer has it with
/// tokens that were added.
Tokens plain_tokens(const WindowsFor& reader, const std::string& text) {
  Tokens tokens;
  size_t begin = 0;
  const auto add = [&](size_t end) {
    const Tokens more = as_tokens(ids_of(reader.encoder, text.substr(begin, end - begin)), 1);
    tokens.insert(tokens.end(), more.begin(), more.end());
  };
  for (size_t at = 0; at < text.size();) {
    const Embedding* longest = nullptr;
    for (const Embedding& embedding : reader.embeddings)
      if (text.compare(at, embedding.name.size(), embedding.name) == 0 &&
          (longest == nullptr || embedding.name.size() > longest->name.size()))
        longest = &embedding;
    if (longest == nullptr) {
      ++at;
      continue;
    }
    add(at);
    const Tokens vectors = as_tokens(*longest, reader.role, 1);
    tokens.insert(tokens.end(), vectors.begin(), vectors.end());
    at = begin = at + longest->name.size();
  }
  add(text.size());
  return tokens;
}

WeightedWindow plain_window(const WindowsFor& reader, const std::string& text, const std::string& field,
                            std::vector<std::string>& warnings) {
  const TextEncoderInfo& info = reader.encoder.info();
  if (!reader.embeddings.empty()) {
    Tokens tokens = plain_tokens(reader, text);
    if (tokens.size() > room_of(info)) {
      warnings.push_back(field + ": only " + std::to_string(info.token_limit) + " tokens fit; its end is not used");
      tokens.resize(room_of(info));
    }
    return framed(tokens, info);
  }
  const TokenIds ids = call_plugin(kTextEncoder, [&] { return reader.encoder.tokenize(text); });
  if (!ids.cut_off.empty())
    warnings.push_back(field + ": only " + std::to_string(info.token_limit) + " tokens fit; not used: \"" +
                       brief(ids.cut_off) + "\"");
  return {{ids.padded}, {}};
}

}  // namespace

std::vector<WeightedWindow> windows_of(const WindowsFor& reader, const std::string& text, PromptStyle style,
                                       const std::string& field, std::vector<std::string>& warnings) {
  if (style == PromptStyle::a1111)
    return A1111Windows(reader).read(a1111_weights(text, field)).finish(field, warnings);
  if (style == PromptStyle::plain) return {plain_window(reader, text, field, warnings)};
  Filling filling(reader.encoder.info());
  for (Tokens& group : ComfyUIGroups(reader).read(comfyui_weights(text, field))) fill(filling, std::move(group));
  return filling.finish(field, warnings);
}

WeightedWindow empty_window(const TextEncoder& encoder) { return framed({}, encoder.info()); }

}  // namespace alice
