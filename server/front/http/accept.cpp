#include "server/front/http/accept.h"

#include <charconv>

namespace alice {
namespace {

/// Of a range ("image/*;q=0.5"); 1 where it says none, 0 where it says it wrongly.
double quality_of(const std::vector<std::string_view>& range) {
  for (size_t i = 1; i < range.size(); ++i) {
    if (range[i].size() < 2 || (range[i][0] != 'q' && range[i][0] != 'Q') || range[i][1] != '=') continue;
    const std::string_view text = range[i].substr(2);
    double quality = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), quality);
    return read.ec == std::errc() && quality >= 0 && quality <= 1 ? quality : 0;
  }
  return 1;
}

/// 3: the type itself, 2: its kind ("image/*"), 1: any, 0: another.
int fit_of(std::string_view range, std::string_view type) {
  if (same_ignoring_case(range, type)) return 3;
  if (range == "*/*") return 1;
  const std::string_view kind = type.substr(0, type.find('/') + 1);
  const bool is_kind = range.size() == kind.size() + 1 && range.back() == '*' &&
                       same_ignoring_case(range.substr(0, kind.size()), kind);
  return is_kind ? 2 : 0;
}

}  // namespace

double weight_of(const std::string& accept, const std::string& type) {
  int best = 0;
  double weight = 0;
  for (const std::string_view one : split_list(accept)) {
    const std::vector<std::string_view> range = split_list(one, ';');
    const int fit = range.empty() ? 0 : fit_of(range[0], type);
    if (fit <= best) continue;
    best = fit;
    weight = quality_of(range);
  }
  return weight;
}

bool prefers(const HttpRequest& request, const std::string& type, const std::string& otherwise) {
  const std::string* accept = request.header("Accept");
  return accept != nullptr && weight_of(*accept, type) > weight_of(*accept, otherwise);
}

}  // namespace alice
