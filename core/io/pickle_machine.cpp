// The stack machine that a pickle is a program of.

#include <array>
#include <cstring>
#include <utility>

#include "core/base/utf8.h"
#include "core/io/pickle_bytes.h"
#include "core/io/pickle_values.h"

namespace alice {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMostValues = 1'000'000, kMostPlaces = 8'000'000;

std::string hex(unsigned char byte) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  return std::string("0x") + kDigits[byte >> 4] + kDigits[byte & 15];
}

/// Opcodes that mean something and are met in no checkpoint: called by their names in pickletools.
struct Refused {
  unsigned char code;
  const char* name;
};
constexpr Refused kRefused[] = {
    {0x82, "EXT1"},
    {0x83, "EXT2"},
    {0x84, "EXT4"},
    {'i', "INST"},
    {'o', "OBJ"},
    {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
    {'P', "PERSID"},
    {0x92, "NEWOBJ_EX"},
};

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& place) : bytes_(bytes, place) {}

  PickleValues run() {
    while (step()) {
    }
    if (stack_.size() != 1) bytes_.fail("leaves " + std::to_string(stack_.size()) + " values at its end, not one");
    out_.root_id = stack_[0];
    out_.size = bytes_.at();
    return std::move(out_);
  }

 private:
  // --- Values and the stack.

  PickleValue& value(PickleId id) { return out_.values[id]; }

  PickleId make(Kind kind) {
    if (out_.values.size() == kMostValues) bytes_.fail("has more than " + std::to_string(kMostValues) + " values");
    out_.values.emplace_back().kind = kind;
    return static_cast<PickleId>(out_.values.size() - 1);
  }

  void count_places(size_t more) {
    places_ += more;
    if (places_ > kMostPlaces) bytes_.fail("has lists of more than " + std::to_string(kMostPlaces) + " places in all");
  }

  void push(PickleId id) {
    count_places(1);
    stack_.push_back(id);
  }
  PickleId push_new(Kind kind) {
    const PickleId id = make(kind);
    push(id);
    return id;
  }
  void push_number(Kind kind, int64_t value_of) { value(push_new(kind)).number = value_of; }
  void push_text(Kind kind, std::string_view text) { value(push_new(kind)).text = text; }

  size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleId top() const {
    if (stack_.size() <= bottom()) bytes_.fail("takes a value from an empty stack");
    return stack_.back();
  }
  PickleId pop() {
    const PickleId id = top();
    stack_.pop_back();
    return id;
  }
  PickleValue& pop_value() { return value(pop()); }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) bytes_.fail("takes values up to a mark that is not there");
    std::vector<PickleId> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  void push_items(Kind kind, std::vector<PickleId> items) { value(push_new(kind)).items = std::move(items); }

  void push_tuple(size_t count) {
    std::vector<PickleId> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    push_items(Kind::tuple, std::move(items));
  }

  void push_dict_of_mark() {
    std::vector<PickleId> items = pop_to_mark();
    if (items.size() % 2 != 0) bytes_.fail("has a dictionary with a key and no value");
    push_items(Kind::dict, std::move(items));
  }

  void extend(PickleValue& container, Kind kind, const std::vector<PickleId>& items) {
    if (container.kind == Kind::note) return;  // its class would have taken them: passed over
    if (container.kind != kind) bytes_.fail("puts items into what holds none");
    if (kind == Kind::dict && items.size() % 2 != 0) bytes_.fail("has a dictionary with a key and no value");
    count_places(items.size());
    container.items.insert(container.items.end(), items.begin(), items.end());
  }

  void extend_top(Kind kind) {
    const std::vector<PickleId> items = pop_to_mark();
    extend(value(top()), kind, items);
  }

  // --- The memo.

  void keep(uint64_t index) {
    if (index >= kMostValues) bytes_.fail("numbers its memo up to " + std::to_string(index));
    if (index >= memo_.size()) memo_.resize(index + 1, kNothing);
    memo_[index] = top();
  }
  void push_kept(uint64_t index) {
    if (index >= memo_.size() || memo_[index] == kNothing) bytes_.fail("asks for what its memo does not hold");
    push(memo_[index]);
  }

  // --- Numbers and texts as lines (protocol 0).

  void push_int_line() {
    const std::string_view text = bytes_.line();
    if (text == "00" || text == "01") return push_number(Kind::boolean, text == "01");
    push_number(Kind::integer, bytes_.decimal(text));
  }
  void push_long_line() {
    std::string_view text = bytes_.line();
    if (!text.empty() && text.back() == 'L') text.remove_suffix(1);
    push_number(Kind::integer, bytes_.decimal(text));
  }
  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(int64_t)) return push_text(Kind::large, bytes);
    uint64_t value_of = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = bytes.size(); i-- > 0;) value_of = value_of << 8 | static_cast<unsigned char>(bytes[i]);
    push_number(Kind::integer, static_cast<int64_t>(value_of));
  }

  // --- What would call something.

  void push_global(std::string_view module, std::string_view name, const char* opcode) {
    const PickleGlobal* global = pickle_global(module, name);
    if (global == nullptr)
      bytes_.refuse("'" + brief(std::string(module) + "." + std::string(name)) + "' by the opcode " + opcode);
    value(push_new(Kind::global)).global = global;
  }

  void push_stack_global() {
    const PickleValue name = pop_value(), module = pop_value();
    if (name.kind != Kind::text || module.kind != Kind::text) bytes_.fail("names a global by what is no text");
    push_global(module.text, name.text, "STACK_GLOBAL");
  }

  /// Adds what a call of `global` would have given; its arguments are values of the same pickle.
  PickleId called(const PickleGlobal& global, const std::vector<PickleId>& arguments) {
    const auto holds = [&](size_t i, Kind kind) { return i < arguments.size() && value(arguments[i]).kind == kind; };
    switch (global.role) {
      case PickleRole::tensor:
      case PickleRole::tensor_as: return with_items(Kind::tensor, global, arguments);
      case PickleRole::parameter:
        if (!holds(0, Kind::tensor)) bytes_.fail("makes a parameter of what is no tensor");
        return arguments[0];
      case PickleRole::from_type: return called_by_type(arguments);
      case PickleRole::size:
        if (!holds(0, Kind::tuple) && !holds(0, Kind::list)) bytes_.fail("makes a size of what is no list");
        return arguments[0];
      case PickleRole::dict: return holds(0, Kind::list) ? dict_of_pairs(arguments[0]) : make(Kind::dict);
      case PickleRole::list: return holds(0, Kind::list) ? arguments[0] : make(Kind::list);
      case PickleRole::parameter_dict:
      case PickleRole::note: return with_items(Kind::note, global, {});
      default: bytes_.fail("calls what is no function");
    }
  }

  PickleId with_items(Kind kind, const PickleGlobal& global, const std::vector<PickleId>& items) {
    count_places(items.size());
    const PickleId id = make(kind);
    value(id).global = &global;
    value(id).items = items;
    return id;
  }

  /// _rebuild_from_type_v2(function, type, arguments, state).
  PickleId called_by_type(const std::vector<PickleId>& arguments) {
    if (arguments.size() < 3 || value(arguments[0]).kind != Kind::global || value(arguments[2]).kind != Kind::tuple)
      bytes_.fail("rebuilds a tensor of what is no function and arguments");
    const PickleGlobal& function = *value(arguments[0]).global;
    if (function.role == PickleRole::from_type) bytes_.fail("rebuilds a tensor of what is no function and arguments");
    const std::vector<PickleId> items = value(arguments[2]).items;
    count_places(items.size());
    return called(function, items);
  }

  /// Python 2 gives an OrderedDict its items as a list of pairs.
  PickleId dict_of_pairs(PickleId list) {
    const PickleId dict = make(Kind::dict);
    std::vector<PickleId> items;
    for (const PickleId id : value(list).items) {
      const PickleValue& pair = value(id);
      if ((pair.kind != Kind::list && pair.kind != Kind::tuple) || pair.items.size() != 2)
        bytes_.fail("makes a dictionary of what are no pairs");
      count_places(2);
      items.insert(items.end(), pair.items.begin(), pair.items.end());
    }
    value(dict).items = std::move(items);
    return dict;
  }

  void call(const char* opcode) {
    const PickleId arguments = pop(), function = pop();
    if (value(function).kind != Kind::global) bytes_.fail(std::string(opcode) + " calls what is no global");
    if (value(arguments).kind != Kind::tuple) bytes_.fail(std::string(opcode) + " has arguments that are no tuple");
    const std::vector<PickleId> items = value(arguments).items;
    count_places(items.size());
    push(called(*value(function).global, items));
  }

  /// The state of an object. Of a ParameterDict its parameters are taken; a dictionary's attributes and what else
  /// there is are passed over.
  void build() {
    const PickleId state = pop(), object = top();
    const Kind kind = value(object).kind;
    if (kind != Kind::note && kind != Kind::dict && kind != Kind::list && kind != Kind::tensor)
      bytes_.fail("gives a state to what has none");
    if (kind != Kind::note || value(object).global->role != PickleRole::parameter_dict) return;
    if (value(state).kind != Kind::dict) return;
    const std::vector<PickleId>& items = value(state).items;
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      if (value(items[i]).text != "_parameters" || value(items[i + 1]).kind != Kind::dict) continue;
      count_places(value(items[i + 1]).items.size());
      value(object).items = value(items[i + 1]).items;
      value(object).kind = Kind::dict;
      return;
    }
  }

  void push_persistent() {
    constexpr size_t kMostItems = 6;
    const PickleValue& id = pop_value();
    const bool is_storage = id.kind == Kind::tuple && !id.items.empty() && id.items.size() <= kMostItems &&
                            value(id.items[0]).kind == Kind::text && value(id.items[0]).text == "storage";
    if (!is_storage) bytes_.refuse("a persistent id that is no storage");
    push_items(Kind::storage, std::vector<PickleId>(id.items.begin() + 1, id.items.end()));
  }

  // --- One opcode. False at STOP.

  bool step() {
    const unsigned char code = bytes_.opcode();
    if (code == '.') return false;
    if (!step_stack(code) && !step_scalar(code) && !step_container(code) && !step_object(code)) refuse_opcode(code);
    return true;
  }

  [[noreturn]] void refuse_opcode(unsigned char code) const {
    for (const Refused& known : kRefused)
      if (known.code == code) bytes_.refuse("the opcode " + std::string(known.name));
    bytes_.refuse("the opcode " + hex(code));
  }

  bool step_stack(unsigned char code) {
    switch (code) {
      case 0x80: return check_protocol(bytes_.number(1)), true;
      case 0x95: return bytes_.check_frame(), true;
      case '(': count_places(1); return marks_.push_back(stack_.size()), true;
      case '0':  // POP: a mark, where that is what lies on top
        if (!marks_.empty() && marks_.back() == stack_.size()) return marks_.pop_back(), true;
        return pop(), true;
      case '1': return pop_to_mark(), true;
      case '2': return push(top()), true;
      case 'q': return keep(bytes_.number(1)), true;
      case 'r': return keep(bytes_.number(4)), true;
      case 'p': return keep(static_cast<uint64_t>(bytes_.decimal(bytes_.line()))), true;
      case 0x94: return keep(memo_.size()), true;
      case 'h': return push_kept(bytes_.number(1)), true;
      case 'j': return push_kept(bytes_.number(4)), true;
      case 'g': return push_kept(static_cast<uint64_t>(bytes_.decimal(bytes_.line()))), true;
      default: return false;
    }
  }

  void check_protocol(uint64_t protocol) const {
    constexpr uint64_t kNewest = 5;
    if (protocol > kNewest) bytes_.fail("is of protocol " + std::to_string(protocol) + "; 0 to 5 are known");
  }

  bool step_scalar(unsigned char code) {
    switch (code) {
      case 'N': return push_new(Kind::none), true;
      case 0x88: return push_number(Kind::boolean, 1), true;
      case 0x89: return push_number(Kind::boolean, 0), true;
      case 'K': return push_number(Kind::integer, static_cast<int64_t>(bytes_.number(1))), true;
      case 'M': return push_number(Kind::integer, static_cast<int64_t>(bytes_.number(2))), true;
      case 'J': return push_number(Kind::integer, static_cast<int32_t>(bytes_.number(4))), true;
      case 0x8a: return push_long(bytes_.counted(1)), true;
      case 0x8b: return push_long(bytes_.counted(4)), true;
      case 'I': return push_int_line(), true;
      case 'L': return push_long_line(), true;
      case 'F': return bytes_.line(), push_new(Kind::real), true;
      case 'G': return bytes_.take(8), push_new(Kind::real), true;
      case 'S': return push_text(Kind::text, bytes_.text_line(/*is_quoted=*/true)), true;
      case 'V': return push_text(Kind::text, bytes_.text_line(/*is_quoted=*/false)), true;
      case 'U':
      case 0x8c: return push_text(Kind::text, bytes_.counted(1)), true;
      case 'T':
      case 'X': return push_text(Kind::text, bytes_.counted(4)), true;
      case 0x8d: return push_text(Kind::text, bytes_.counted(8)), true;
      case 'C': return push_text(Kind::bytes, bytes_.counted(1)), true;
      case 'B': return push_text(Kind::bytes, bytes_.counted(4)), true;
      case 0x8e:
      case 0x96: return push_text(Kind::bytes, bytes_.counted(8)), true;
      default: return false;
    }
  }

  bool step_container(unsigned char code) {
    switch (code) {
      case ')': return push_tuple(0), true;
      case 0x85: return push_tuple(1), true;
      case 0x86: return push_tuple(2), true;
      case 0x87: return push_tuple(3), true;
      case 't': return push_items(Kind::tuple, pop_to_mark()), true;
      case ']':
      case 0x8f: return push_new(Kind::list), true;  // a set counts as a list
      case 'l':
      case 0x91: return push_items(Kind::list, pop_to_mark()), true;
      case '}': return push_new(Kind::dict), true;
      case 'd': return push_dict_of_mark(), true;
      case 'a': return append(), true;
      case 'e':
      case 0x90: return extend_top(Kind::list), true;
      case 's': return set_item(), true;
      case 'u': return extend_top(Kind::dict), true;
      default: return false;
    }
  }

  void append() {
    const PickleId item = pop();
    extend(value(top()), Kind::list, {item});
  }
  void set_item() {
    const PickleId item = pop(), key = pop();
    extend(value(top()), Kind::dict, {key, item});
  }

  bool step_object(unsigned char code) {
    switch (code) {
      case 'c': {
        const std::string_view module = bytes_.line();
        return push_global(module, bytes_.line(), "GLOBAL"), true;
      }
      case 0x93: return push_stack_global(), true;
      case 'R': return call("REDUCE"), true;
      case 0x81: return call("NEWOBJ"), true;
      case 'b': return build(), true;
      case 'Q': return push_persistent(), true;
      default: return false;
    }
  }

  static constexpr PickleId kNothing = ~PickleId{0};

  PickleBytes bytes_;
  size_t places_ = 0;
  std::vector<PickleId> stack_, memo_;
  std::vector<size_t> marks_;  // sizes of the stack
  PickleValues out_;
};

}  // namespace

PickleValues read_pickle(std::string_view bytes, const std::string& place) { return Machine(bytes, place).run(); }

}  // namespace alice
