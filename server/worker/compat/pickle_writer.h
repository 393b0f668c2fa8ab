#pragma once
// Pickles of protocol 2, as Python's pickler writes them: whatever may be named again is numbered.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace alice {

/// Each call adds one value, or does one thing to those before it. One thread.
class PickleWriter {
 public:
  PickleWriter();

  void none() { bytes_ += 'N'; }
  void boolean(bool value) { bytes_ += value ? '\x88' : '\x89'; }
  void integer(int64_t value);  ///< from 0 to 2^31 - 1
  void text(const std::string& text);
  void shared_text(const std::string& text);  ///< the same object wherever it stands
  void integers(const std::vector<int64_t>& numbers);  ///< a tuple
  void global(const std::string& module, const std::string& name);
  void empty_dict() { add_new("}"); }
  void empty_list() { add_new("]"); }
  void empty_ordered_dict();

  void mark() { bytes_ += '('; }
  void tuple_to_mark() { add_new("t"); }
  void set_items_to_mark() { bytes_ += 'u'; }
  void add(char opcode) { bytes_ += opcode; }
  void persistent_id() { bytes_ += 'Q'; }
  void call() { add_new("R"); }

  /// Once, last.
  std::string finish();

 private:
  void add_new(const std::string& bytes);  // and numbers it
  bool add_known(const std::string& what);  // false: it is new

  std::string bytes_;
  uint64_t numbered_ = 0;
  std::map<std::string, uint64_t> known_;
};

/// The items of a dictionary or list, which Python's pickler adds by the thousand, and one alone in a shorter way.
class PickleItems {
 public:
  enum class Kind { dict, list };
  PickleItems(PickleWriter& pickle, Kind kind, size_t count) : pickle_(pickle), kind_(kind), left_(count) {}
  void begin_item();
  void end();  ///< once, last

 private:
  void close_batch();

  PickleWriter& pickle_;
  const Kind kind_;
  size_t left_, open_ = 0;  // open_: items of the batch that is open
  bool is_single_ = false;
};

}  // namespace alice
