// Nothing: alice-server-pch exists for its precompiled header.
