#pragma once
// Ctrl-C while pictures are made: noted, so that the work ends between two steps.

namespace alice {

/// From here on SIGINT and SIGTERM are noted and end nothing; who asks twice does not wait for the end of the step.
void note_interrupts();
/// Has one come since?
bool is_interrupted();

}  // namespace alice
