#include "server/accounts/key_text.h"

#include <set>

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("a key is read as it was written, and no two are alike") {
  std::set<std::string> ids, texts;
  for (int i = 0; i < 1000; ++i) {
    const KeyText key = new_key_text();
    const std::string text = write_key_text(key);
    KeyText read;
    REQUIRE(read_key_text(text, read) == KeyForm::whole);
    CHECK(read.id == key.id);
    CHECK(read.secret == key.secret);
    CHECK(text.size() == 63);
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == text.npos);
    ids.insert(key.id);
    texts.insert(text);
  }
  CHECK(ids.size() == 1000);
  CHECK(texts.size() == 1000);
}

TEST_CASE("a letter that is wrong, missing or too many is noticed") {
  const std::string text = write_key_text(new_key_text());
  KeyText key;
  int passed = 0;
  for (size_t i = 6; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
    passed += read_key_text(wrong, key) == KeyForm::whole;
  }
  CHECK(passed == 0);
  CHECK(read_key_text(text.substr(0, 62), key) == KeyForm::mistyped);
  CHECK(read_key_text(text + "a", key) == KeyForm::mistyped);
  CHECK(read_key_text("alice_", key) == KeyForm::mistyped);
  for (const char* other : {"", "sk-1234", "Alice_", "alic"}) CHECK(read_key_text(other, key) == KeyForm::other);
}

TEST_CASE("the form stays: keys that were made are read by every later version") {
  KeyText key;
  const KeyText made = {"abcdefgh", std::string(43, 'A')};
  CHECK(write_key_text(made).substr(0, 59) == "alice_abcdefgh_" + std::string(43, 'A') + "_");
  CHECK(read_key_text(write_key_text(made), key) == KeyForm::whole);
}
