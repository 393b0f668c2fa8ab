#pragma once
// A message's members, written into a JSON object and read from one. Both classes have the same functions, so that
// which members a message has is said once, for both directions.

#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/generate_request.h"
#include "core/base/json.h"
#include "core/base/options.h"

namespace alice {

/// Bytes in a JSON string: base64 (RFC 4648, with padding).
std::string to_link_base64(const std::string& bytes);
/// False when `text` is no base64.
bool from_link_base64(const std::string& text, std::string& bytes);

class MemberWriter {
 public:
  explicit MemberWriter(Json& out) : out_(out) {}

  template <class T>
  void options(const OptionTable<T>& table, const T& from) {
    out_.update(table.write(from));
  }
  template <class T>
  void nested(const char* name, const OptionTable<T>& table, const T& from) {
    out_[name] = table.write(from);
  }
  void request(const char* name, const GenerateRequest& from) { out_[name] = write_generate_request(from); }
  void object(const char* name, const Json& from) { out_[name] = from; }
  void bytes(const char* name, const std::string& from) { out_[name] = to_link_base64(from); }
  void one_of(const char*, const std::string&, const std::vector<std::string>&) {}

 private:
  Json& out_;
};

/// Every member must be there, and no other.
class MemberReader {
 public:
  MemberReader(const Json& object, const std::string& kind) : object_(object), kind_(kind), place_(json_places(kind)) {}

  template <class T>
  void options(const OptionTable<T>& table, T& into) {
    for (const OptionSpec& spec : table.specs()) take(spec.name);
    table.read_into(into, object_, UnknownKeys::pass_over, place_, faults_);
  }
  template <class T>
  void nested(const char* name, const OptionTable<T>& table, T& into) {
    const Json* member = take(name);
    if (member == nullptr) return;
    if (!member->is_object()) return must_be_object(name);
    MemberReader inner(*member, kind_ + "/" + name);
    inner.options(table, into);
    for (const Fault& fault : inner.faults().list()) faults_.add(fault.place, fault.sentence);
  }
  void request(const char* name, GenerateRequest& into) {
    const Json* member = take(name);
    if (member == nullptr) return;
    if (!member->is_object()) return must_be_object(name);
    try {
      into = read_generate_request(*member);
    } catch (const Error& e) {
      faults_.add(place_(name) + e.place(), e.sentence());
    }
  }
  void object(const char* name, Json& into) {
    const Json* member = take(name);
    if (member == nullptr) return;
    if (!member->is_object()) return must_be_object(name);
    into = *member;
  }
  void bytes(const char* name, std::string& into) {
    const Json* member = take(name);
    if (member == nullptr) return;
    if (!member->is_string() || !from_link_base64(member->get_ref<const std::string&>(), into))
      faults_.add(place_(name), "must be bytes in base64");
  }
  void one_of(const char* name, const std::string& value, const std::vector<std::string>& allowed) {
    for (const std::string& word : allowed)
      if (word == value) return;
    faults_.add(place_(name), "is none of the words that it may be");
  }

  void expect(const char* name) { expected_.insert(name); }

  /// With those of members that nobody expects.
  const Faults& faults() {
    for (const auto& member : object_.items())
      if (expected_.count(member.key()) == 0) faults_.add(place_(member.key()), "is no member of this message");
    return faults_;
  }

 private:
  /// Null, and a fault, when it is not there.
  const Json* take(const std::string& name) {
    expected_.insert(name);
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    faults_.add(place_(name), "is missing");
    return nullptr;
  }
  void must_be_object(const char* name) { faults_.add(place_(name), "must be an object"); }

  const Json& object_;
  const std::string kind_;
  const PlaceOf place_;
  std::set<std::string> expected_;
  Faults faults_;
};

}  // namespace alice
