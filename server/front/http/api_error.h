#pragma once
// An answer that says what is wrong: {"error":{"message","type","param","code"}}, as OpenAI's API has it.

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/front/http/headers.h"

namespace alice {

/// A status that no ErrorCode stands for.
inline constexpr int kClientLeft = 499;  ///< nginx's "client closed request"; also of a job that somebody cancelled

class ApiError : public std::exception {
 public:
  /// `code` is a word that programs compare: "bad_request".
  ApiError(int status, std::string code, std::string message, std::string param = "")
      : status(status), code(std::move(code)), message(std::move(message)), param(std::move(param)) {}

  int status;
  std::string code, message;
  std::string param;   ///< the field that is wrong, as the client spells it: "sam_config.steps"; "" for none
  std::string job_id;  ///< the job that goes on, where there is one
  Headers headers;     ///< further ones
  bool again = false;  ///< trying again later may help, and costs nothing
  bool close = false;  ///< where this request ends is in doubt: nothing more is read from its connection

  const char* what() const noexcept override { return message.c_str(); }

  std::string type() const;  ///< "invalid_request_error", "permission_error", "rate_limit_error" or "server_error"
  /// `with_detail`: the message as FastAPI's errors have it too, {"detail": "..."}.
  std::string body(bool with_detail = false) const;
  /// `headers`, and those that every error has.
  Headers all_headers() const;
};

/// An error after which nothing more is read from the connection.
ApiError refused(int status, std::string code, std::string message);
/// 400: the request's end, or its meaning to a proxy before us, is in doubt.
ApiError malformed(std::string message);

/// A place of ours ("/steps") in the client's spelling ("sam_config.steps"); "" when it is no field of the request.
using ParamOf = std::function<std::string(const std::string& place)>;
/// "/loras/0/strength" -> "loras[0].strength".
std::string pointer_to_param(const std::string& place);

/// What the client is told of an error of ours. What is not the client's doing is told in general words: the details
/// (paths, addresses, texts of libraries) are for the log. `retry_after_s` is told with busy; a disk in
/// trouble has a pause of its own.
ApiError to_api_error(ErrorCode code, const std::string& place, const std::string& sentence, const ParamOf& param_of,
                      int64_t retry_after_s = 1);
ApiError to_api_error(const Error& error, const ParamOf& param_of, int64_t retry_after_s = 1);
/// The fault of a query's parameter that there is not, at its name.
Faults unknown_parameter(const std::string& name, const std::vector<std::string>& known);
/// Throws ApiError 400 when there is a fault: all of them in the message, the first one's field in `param`.
/// The places are pointers in the client's spelling.
void throw_if_any(const Faults& faults, ErrorCode code = ErrorCode::bad_request);

// The same shape as bytes of HTTP, for those who get no further; the connection ends with each.
/// For a request that did not come to its end in time.
std::string too_slow_answer();
/// For one connection too many.
std::string no_room_answer();
/// The same as an error.
ApiError no_room();

}  // namespace alice
