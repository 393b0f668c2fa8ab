/* A library whose entry symbol, given as ENTRY, is another host's. It says so when it is loaded, which must not happen. */

#include <stdlib.h>

const int ENTRY = 1;

__attribute__((constructor)) static void run(void) { abort(); }
