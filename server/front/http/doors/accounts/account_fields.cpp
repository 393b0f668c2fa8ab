#include "server/front/http/doors/accounts/account_fields.h"

#include "server/accounts/account.h"
#include "server/accounts/passwords.h"

namespace alice::accounts_door {

void check_account_name(const std::string& name, const std::string& place, Faults& faults) {
  if (!is_account_name(name))
    faults.add(place, "must be a name of 1 to 64 letters on one line, without a blank at either end");
}

void check_new_password(const std::string& password, const std::string& place, Faults& faults) {
  if (password.size() < Passwords::kShortest || password.size() > Passwords::kLongest)
    faults.add(place, "must have 8 to 128 bytes");
}

}  // namespace alice::accounts_door
