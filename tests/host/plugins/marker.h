#pragma once
// Code that runs when a library is loaded: leaves the file that ALICE_TEST_MARKER names. A test sees whether it ran.

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void leave_marker(void) {
  const char* path = getenv("ALICE_TEST_MARKER");
  FILE* file = path ? fopen(path, "w") : NULL;
  if (file) fclose(file);
}
