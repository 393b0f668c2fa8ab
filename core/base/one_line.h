#pragma once
// Words of strangers, made safe to print: file names, notes of models, what plugins throw.

#include <string>
#include <string_view>

namespace alice {

/// `text` as one line that a terminal and a log show as it is: every control character (U+0000 to U+001F, U+007F to
/// U+009F), line and paragraph separator, and mark that turns the direction of writing becomes an escape as JSON has
/// them ("\n", "\u001b"); what is no UTF-8 becomes U+FFFD. Quotes and backslashes stay as they are. Within a JSON text
/// (outside strings it has none of these but blanks) the result means the same.
std::string on_one_line(std::string_view text);

/// The same for text of several lines, of which all but the first are set in: a line feed stays where two blanks
/// follow. So what a stranger wrote cannot begin a line of its own.
std::string on_indented_lines(std::string_view text);

/// The same with every line feed kept: for a JSON text, whose strings have none.
std::string on_lines(std::string_view text);

/// Would on_one_line() leave it as it is?
bool is_plain_line(std::string_view text);

}  // namespace alice
