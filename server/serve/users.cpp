#include "server/serve/users.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "server/accounts/account.h"
#include "server/serve/console.h"
#include "server/worker/table.h"

namespace alice {
namespace {

/// While it lives, a terminal does not show what is typed.
class Unseen {
 public:
  Unseen() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios without = before_;
    without.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_terminal_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &without) == 0;
  }
  ~Unseen() {
    if (!is_terminal_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::cerr << "\n";
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

  bool is_terminal() const { return is_terminal_; }

 private:
  termios before_{};
  bool is_terminal_ = false;
};

std::string line_of_input(const char* prompt) {
  const Unseen unseen;
  if (unseen.is_terminal()) std::cerr << prompt << std::flush;
  std::string line;
  std::getline(std::cin, line);
  return line;
}

/// Never on the command line, which everybody on the machine can read.
std::string read_password() {
  const std::string password = line_of_input("Password: ");
  if (::isatty(STDIN_FILENO) != 0 && line_of_input("Once more: ") != password)
    throw Error(ErrorCode::bad_request, "password", "was typed in two ways; nothing was changed");
  return password;
}

Json question_of(const CommandLine& line) {
  const std::string& what = line.users.what;
  Json question = {{"of", "users"}, {"do", what}};
  if (!line.target.empty()) question["name"] = line.target;
  if (what == "create") question["level"] = to_string(line.users.admin ? Level::admin : Level::user);
  if (what == "create" || what == "password") question["password"] = read_password();
  return question;
}

void print_list(const Json& users) {
  std::vector<std::vector<std::string>> rows = {{"ID", "NAME", "LEVEL", "STATE", "PASSWORD", "CREATED"}};
  for (const Json& user : users)
    rows.push_back({user.at("id"), user.at("name"), user.at("level"), user.at("state"),
                    user.at("has_password").get<bool>() ? "yes" : "no", day_of(user.at("created"))});
  print_table(rows);
}

void print(const CommandLine& line, const Json& answer) {
  if (line.json) {
    std::cout << dump_json(answer.contains("users") ? answer.at("users") : answer) << "\n";
  } else if (answer.contains("users")) {
    print_list(answer.at("users"));
  } else if (answer.contains("code")) {
    std::cerr << "This is the code, for POST /v1/auth/bootstrap. It makes one administrator, within 30 minutes.\n";
    std::cout << answer.at("code").get<std::string>() << "\n";
  } else {
    const Json& user = answer.at("user");
    std::cout << user.at("name").get<std::string>() << " (" << user.at("level").get<std::string>() << ") is "
              << user.at("state").get<std::string>() << ".\n";
  }
}

}  // namespace

int run_users(const CommandLine& line) {
  print(line, ask_accounts(line, question_of(line), /*makes=*/line.users.what == "create"));
  return kExitOk;
}

}  // namespace alice
