// Nothing: alice-pch exists for its precompiled header.
