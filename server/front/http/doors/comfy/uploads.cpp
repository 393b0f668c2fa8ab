#include "server/front/http/doors/comfy/uploads.h"

#include <algorithm>

namespace alice::comfy {
namespace {

/// "cat.png", 1 -> "cat (1).png".
std::string numbered(const std::string& name, size_t number) {
  const size_t slash = name.rfind('/'), dot = name.rfind('.');
  const bool has_end = dot != name.npos && (slash == name.npos || dot > slash);
  const std::string mark = " (" + std::to_string(number) + ")";
  return has_end ? name.substr(0, dot) + mark + name.substr(dot) : name + mark;
}

}  // namespace

std::string Uploads::keep(const std::string& caller, const std::string& name, SentPicture picture, bool overwrite) {
  std::string free_name = name;
  for (size_t number = 1; !overwrite; ++number) {
    const SentPicture other = find(caller, free_name);
    if (other.bytes == nullptr || other.sha256 == picture.sha256) break;
    free_name = numbered(name, number);
  }
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                             [&](const Kept& one) { return one.caller == caller && one.name == free_name; }),
              kept_.end());
  kept_.push_back({caller, free_name, std::move(picture)});
  drop_oldest(caller, kMostOfCaller, kMostBytesOfCaller);
  drop_oldest("", kMost, kMostBytes);
  return free_name;
}

/// "": of all callers.
void Uploads::drop_oldest(const std::string& of_caller, size_t most, size_t most_bytes) {
  const auto counts = [&](const Kept& one) { return of_caller.empty() || one.caller == of_caller; };
  size_t number = 0, bytes = 0;
  for (const Kept& one : kept_)
    if (counts(one)) ++number, bytes += one.picture.bytes->size();
  while (number > 1 && (number > most || bytes > most_bytes)) {
    const auto oldest = std::find_if(kept_.begin(), kept_.end(), counts);
    --number, bytes -= oldest->picture.bytes->size();
    kept_.erase(oldest);
  }
}

SentPicture Uploads::find(const std::string& caller, const std::string& name) const {
  for (const Kept& one : kept_)
    if (one.caller == caller && one.name == name) return one.picture;
  return {};
}

std::vector<std::string> Uploads::names(const std::string& caller) const {
  std::vector<std::string> list;
  for (auto one = kept_.rbegin(); one != kept_.rend(); ++one)
    if (one->caller == caller) list.push_back(one->name);
  return list;
}

}  // namespace alice::comfy
