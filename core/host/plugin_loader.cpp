#include "core/host/plugin_loader.h"

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <vector>

#include "core/base/regular_file.h"

namespace alice {
namespace {

#define ALICE_TEXT_(x) #x
#define ALICE_TEXT(x) ALICE_TEXT_(x)
constexpr const char* kHostSymbol = ALICE_TEXT(ALICE_ENTRY_SYMBOL);
constexpr std::string_view kPrefix = "alice_plugin_";

bool is_elf(const std::filesystem::path& file) {
  constexpr std::string_view kMagic = "\177ELF";
  const RegularFile opened(file, ErrorCode::unsupported);
  return opened.size() >= kMagic.size() && opened.read(0, kMagic.size()) == kMagic;
}

/// "alice_plugin_1_torch1_13_cxx11" -> "SDK 1, libtorch 1.13, C++ ABI cxx11", as far as it can be told.
std::string abi_text(std::string symbol) {
  symbol.erase(0, kPrefix.size());
  const size_t torch = symbol.find("_torch");
  const size_t abi = symbol.rfind('_');
  if (torch == std::string::npos || abi <= torch + 6) return "'" + symbol + "'";
  std::string version = symbol.substr(torch + 6, abi - torch - 6);
  for (char& c : version)
    if (c == '_') c = '.';
  return "SDK " + symbol.substr(0, torch) + ", libtorch " + version + ", C++ ABI " + symbol.substr(abi + 1);
}

/// All symbols are bound at once: one that is missing refuses the library before its initialisers run.
boost::dll::shared_library open(const std::filesystem::path& file) {
  try {
    return boost::dll::shared_library(std::filesystem::absolute(file).string(),
                                      boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& e) {
    throw Error(ErrorCode::unsupported, file.string(), std::string("cannot be loaded: ") + e.what());
  }
}

}  // namespace

std::string host_entry_symbol() { return kHostSymbol; }

std::vector<std::string> exported_symbols(const std::filesystem::path& file) {
  std::error_code status;
  if (!std::filesystem::is_regular_file(file, status))
    throw Error(ErrorCode::not_found, file.string(), "there is no such plugin library");
  if (!is_elf(file)) throw Error(ErrorCode::unsupported, file.string(), "is no shared library (no ELF header)");
  try {
    return boost::dll::library_info(file.string()).symbols();
  } catch (const std::exception& e) {
    throw Error(ErrorCode::unsupported, file.string(),
                std::string("is a damaged library, its symbol table cannot be read: ") + e.what());
  }
}

void check_plugin_abi(const std::filesystem::path& file) {
  std::string other;  // an entry of another ABI
  for (const std::string& symbol : exported_symbols(file)) {
    if (symbol == kHostSymbol) return;
    if (other.empty() && symbol.rfind(kPrefix, 0) == 0) other = symbol;
  }
  if (other.empty())
    throw Error(ErrorCode::unsupported, file.string(),
                "is a shared library but no ALICE plugin: it exports no " + std::string(kHostSymbol) +
                    " (write ALICE_PLUGIN(...) in one source file and link with the SDK's alice_add_plugin)");
  throw Error(
      ErrorCode::unsupported, file.string(),
      "was built for " + abi_text(other) + ", this ALICE is " + abi_text(kHostSymbol) +
          ": rebuild the plugin with this ALICE's SDK: cmake -B build -DCMAKE_PREFIX_PATH=<where it is installed> && "
          "cmake --build build --clean-first");
}

const PluginEntry& load_plugin(const std::filesystem::path& file) {
  check_plugin_abi(file);

  // Never unloaded: objects and exceptions of its types may outlive every handle.
  static std::vector<boost::dll::shared_library>& loaded = *new std::vector<boost::dll::shared_library>;
  boost::dll::shared_library library = open(file);
  const auto& entry = library.get<const PluginEntry>(kHostSymbol);
  if (entry.size < sizeof(PluginEntry) || !entry.id || !entry.version || !entry.enrol)
    throw Error(ErrorCode::unsupported, file.string(),
                "has an incomplete entry: use the ALICE_PLUGIN macro of core/api/plugin.h");
  if (entry.sdk_minor > ALICE_SDK_MINOR)
    throw Error(ErrorCode::unsupported, file.string(),
                "was built with SDK " + std::to_string(ALICE_SDK_MAJOR) + "." + std::to_string(entry.sdk_minor) +
                    ", this ALICE has " + std::to_string(ALICE_SDK_MAJOR) + "." + std::to_string(ALICE_SDK_MINOR) +
                    ": update ALICE, or rebuild the plugin with its SDK");
  loaded.push_back(std::move(library));
  return entry;
}

}  // namespace alice
