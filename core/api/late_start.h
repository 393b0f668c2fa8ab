#pragma once
// What a scheduler may say of runs that begin later than at pure noise (Plan::from).

namespace alice {

/// Scheduler::extension(kLateStartIsRough) is not null where such a run takes its first steps as its reference does,
/// which does not lead to exactly the picture that a network knows. `alice plugin check` then does not ask for that.
inline constexpr const char* kLateStartIsRough = "late_start_is_rough";

}  // namespace alice
