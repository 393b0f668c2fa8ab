#pragma once
// A prepared statement while it is used.

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>

namespace alice {

/// Binds `values` to the parameters ?1, ?2, ... and resets the statement at the end of the scope: a statement that is
/// left in the middle, by an exception too, would keep its transaction open.
class StatementUse {
 public:
  template <class... Values>
  explicit StatementUse(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    int index = 0;
    (bind(++index, values), ...);
  }
  ~StatementUse() { statement_.tryReset(); }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

  /// The next row; false when there is none.
  bool step() { return statement_.executeStep(); }
  /// Runs a statement that has no rows. Returns how many rows it changed.
  int run() { return statement_.exec(); }

  std::string text(int column) const { return statement_.getColumn(column).getString(); }
  int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }
  double number(int column) const { return statement_.getColumn(column).getDouble(); }
  bool is_null(int column) const { return statement_.getColumn(column).isNull(); }
  std::optional<int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }

 private:
  void bind(int index, int64_t value) { statement_.bind(index, value); }
  void bind(int index, double value) { statement_.bind(index, value); }
  void bind(int index, const std::string& value) { statement_.bind(index, value); }

  SQLite::Statement& statement_;
};

}  // namespace alice
