#include "core/base/lora_names.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/tensor_files.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr const char* kPrefix = "lora/";

std::string last_step(const std::string& id) { return id.substr(id.rfind('/') + 1); }  // npos + 1 is 0

std::string without_blanks(const std::string& name) {
  const size_t begin = name.find_first_not_of(' ');
  return begin == name.npos ? "" : name.substr(begin, name.find_last_not_of(' ') - begin + 1);
}

/// The spellings of a name that are tried, the fullest first.
std::vector<std::string> spellings(const std::string& name) {
  std::vector<std::string> all = {name};
  if (name.rfind(kPrefix, 0) == 0) all.push_back(name.substr(std::string(kPrefix).size()));
  if (std::string bare = without_tensor_ending(all.back()); !bare.empty()) all.push_back(std::move(bare));
  return all;
}

std::vector<std::string> those(const std::vector<std::string>& ids, const std::function<bool(const std::string&)>& is) {
  std::vector<std::string> found;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(found), is);
  return found;
}

std::string quoted(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "'" : ", '") + id + "'";
  return text;
}

}  // namespace

std::string lora_called(const std::string& name, const std::vector<std::string>& ids, const std::string& place) {
  const std::vector<std::string> names = spellings(name);
  for (const std::string& one : names)
    if (std::find(ids.begin(), ids.end(), one) != ids.end()) return one;
  const std::string& bare = names.back();
  std::vector<std::string> found = those(ids, [&](const std::string& id) { return last_step(id) == bare; });
  if (found.empty())
    found = those(ids, [&](const std::string& id) {
      return without_blanks(id) == without_blanks(bare) || without_blanks(last_step(id)) == without_blanks(bare);
    });
  if (found.size() == 1) return found[0];
  const std::string said = "there is no LoRA '" + brief(name) + "'";
  if (found.size() > 1) throw Error(ErrorCode::not_found, place, said + "; is it one of " + quoted(found) + "?");
  throw Error(ErrorCode::not_found, place,
              said + (ids.empty() ? "; there are none in the models folder's loras/" : did_you_mean(bare, ids)));
}

}  // namespace alice
