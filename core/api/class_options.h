#pragma once
// What a class name in a model's own files says by itself: other programs give each path of noise a class of its own,
// so the name alone may tell what the network predicts.

#include <cstring>
#include <string>
#include <vector>

#include "core/api/factory.h"

namespace alice {

/// Factory::extension(kClassOptions) is a const std::vector<Alias>*, valid as long as the factory: of
/// FactoryInfo::classes those that stand for options, also of the noise schedule. They count over what the file says,
/// which may be left from another class: what a name alone tells, the class does not read.
inline constexpr const char* kClassOptions = "alice/class-options/1";

/// Factory::extension(kClassDefaults), likewise: what a class takes where the file does not say it, of options, also of
/// the noise schedule, whose default is another here.
inline constexpr const char* kClassDefaults = "alice/class-defaults/1";

/// Those of one class; an empty object where it stands for none. `kind`: kClassOptions or kClassDefaults. Any thread.
inline Json options_of_class(const Factory& factory, const std::string& class_name, const char* kind = kClassOptions) {
  if (const void* found = factory.extension(kind))
    for (const Alias& known : *static_cast<const std::vector<Alias>*>(found))
      if (known.name == class_name) return known.options;
  return Json::object();
}

}  // namespace alice
