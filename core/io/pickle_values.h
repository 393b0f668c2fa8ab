#pragma once
// What a pickle says, as values that can do nothing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/pickle_globals.h"

namespace alice {

/// A value's number among all of its pickle: values may share others, and even hold themselves.
using PickleId = uint32_t;

struct PickleValue {
  enum class Kind {
    none,
    boolean,  ///< number: 0 or 1
    integer,  ///< number
    large,    ///< an integer beyond 64 bits; text: its bytes, the lowest first
    real,
    text,   ///< text
    bytes,  ///< text
    tuple,  ///< items
    list,   ///< items
    dict,   ///< items: key, value, key, value, ...; a key that comes again counts
    global,
    storage,  ///< items: what stands behind 'storage' in its persistent id
    tensor,   ///< global: of role tensor or tensor_as; items: the arguments
    note,     ///< what is passed over
  };
  Kind kind = Kind::none;
  const PickleGlobal* global = nullptr;
  int64_t number = 0;
  std::string_view text;  ///< within the bytes that were read
  std::vector<PickleId> items;
};

class PickleValues {
 public:
  const PickleValue& root() const { return values[root_id]; }
  const PickleValue& operator[](PickleId id) const { return values[id]; }

  std::vector<PickleValue> values;
  PickleId root_id = 0;
  size_t size = 0;  ///< bytes of the pickle, up to its STOP
};

/// Reads the pickle that `bytes` begin with (Python's pickle.py and pickletools.py describe protocols 0 to 5). Values
/// are made, and nothing else: no name is looked up anywhere but in pickle_global(), no value is ever called. Takes
/// time and memory in proportion to the pickle: at most 64 MiB of it, a million values, a million names in its memo and
/// eight million places in lists. Depth costs nothing. Throws Error(unsupported) at `place` naming the opcode or the
/// global that no checkpoint needs, with the byte where it stands; Error(bad_weights) for a pickle that is cut off or
/// wrong. `bytes` must outlive the result. Any thread.
PickleValues read_pickle(std::string_view bytes, const std::string& place);

}  // namespace alice
