#pragma once
// The stores that every test of the interface runs against.

#include <functional>
#include <memory>
#include <string>

#include "server/accounts/account_store.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace alice::test {

/// Opens the store of a folder; a second call, after the first store is gone, opens the same again.
using OpenStore = std::function<std::unique_ptr<AccountStore>()>;

inline void with_each_store(const std::function<void(const OpenStore&)>& check) {
  SECTION("SQLite") {
    const TempFolder folder;
    check([&] { return open_sqlite_account_store((folder / "accounts.sqlite").string()); });
  }
}

}  // namespace alice::test
