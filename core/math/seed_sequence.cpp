#include "core/math/seed_sequence.h"

namespace alice {
namespace {

using Words = std::vector<uint32_t>;

/// Its low word, and the high one where there is one.
void append_words(Words& words, uint64_t number) {
  words.push_back(static_cast<uint32_t>(number));
  if (number >> 32) words.push_back(static_cast<uint32_t>(number >> 32));
}

/// Mixes a word with a constant that is another one for each word.
class WordHash {
 public:
  WordHash(uint32_t constant, uint32_t factor) : constant_(constant), factor_(factor) {}
  uint32_t operator()(uint32_t word) {
    word ^= constant_;
    constant_ *= factor_;
    word *= constant_;
    return word ^ (word >> 16);
  }

 private:
  uint32_t constant_, factor_;
};

uint32_t mixed(uint32_t into, uint32_t word) {
  const uint32_t result = 0xca01f9ddU * into - 0x4973f715U * word;
  return result ^ (result >> 16);
}

Words entropy_words(uint64_t entropy, const std::vector<uint64_t>& spawn_key, size_t pool_size) {
  Words words;
  append_words(words, entropy);
  if (!spawn_key.empty() && words.size() < pool_size) words.resize(pool_size, 0);
  for (const uint64_t key : spawn_key) append_words(words, key);
  return words;
}

Words pool_of(const Words& entropy, size_t pool_size) {
  WordHash hash(0x43b0d7e5U, 0x931e8875U);
  Words pool;
  for (size_t i = 0; i < pool_size; ++i) pool.push_back(hash(i < entropy.size() ? entropy[i] : 0));
  for (size_t from = 0; from < pool_size; ++from)
    for (size_t to = 0; to < pool_size; ++to)
      if (from != to) pool[to] = mixed(pool[to], hash(pool[from]));
  for (size_t from = pool_size; from < entropy.size(); ++from)
    for (uint32_t& word : pool) word = mixed(word, hash(entropy[from]));
  return pool;
}

}  // namespace

std::vector<uint32_t> seed_sequence(uint64_t entropy, const std::vector<uint64_t>& spawn_key, size_t pool_size,
                                    size_t count) {
  const Words pool = pool_of(entropy_words(entropy, spawn_key, pool_size), pool_size);
  WordHash hash(0x8b51f9ddU, 0x58f38dedU);
  Words state;
  for (size_t i = 0; i < count; ++i) state.push_back(hash(pool[i % pool_size]));
  return state;
}

}  // namespace alice
