#pragma once
// Tables on standard output.

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/one_line.h"

namespace alice {

/// Columns of equal width, two blanks between them. What stands in them may be a stranger's.
inline void print_table(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows)
    for (std::string& cell : row) cell = on_one_line(cell);
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      std::cout << row[i] << (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
    std::cout << "\n";
  }
}

}  // namespace alice
