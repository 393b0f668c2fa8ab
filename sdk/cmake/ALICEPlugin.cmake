# How a plugin is built: ALICE's own, in its build, and everybody else's, after find_package(ALICE).
#
# Whoever includes this file has made the targets ALICE::headers (the SDK's headers, libtorch, nlohmann_json) and
# ALICE::core (the library that plugins are linked with).

set(ALICE_SDK_CMAKE_DIRECTORY ${CMAKE_CURRENT_LIST_DIR})

# alice_precompile_tensors(): the target alice-pch, one precompiled header for everything that includes ATen, 4 s once
# instead of for every file.
function(alice_precompile_tensors)
  add_library(alice-pch OBJECT ${ALICE_SDK_CMAKE_DIRECTORY}/pch.cpp)
  target_link_libraries(alice-pch PUBLIC ALICE::headers)
  set_target_properties(alice-pch PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON)
  target_precompile_headers(alice-pch PRIVATE
    <ATen/ATen.h> <nlohmann/json.hpp> <functional> <map> <memory> <optional> <string> <vector>)
endfunction()

# alice_use_tensors(<target>): compile against the SDK's headers and ATen, with the shared precompiled header.
function(alice_use_tensors target)
  if(NOT TARGET alice-pch)
    alice_precompile_tensors()
  endif()
  target_link_libraries(${target} PUBLIC ALICE::headers)
  # What a precompiled header is compiled with, whoever reuses it is compiled with.
  set_target_properties(${target} PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL "")
  target_precompile_headers(${target} REUSE_FROM alice-pch)
endfunction()

# alice_add_plugin(<name> <sources>...): the library <name>.so with exactly one exported symbol, its entry. -z defs: a
# missing symbol is a link error. -z nodelete: never unloaded. It lies in ALICE_PLUGIN_DIRECTORY where that is set, else in
# the build folder.
function(alice_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  alice_use_tensors(${name})
  target_link_libraries(${name} PRIVATE ALICE::core)
  set(map ${ALICE_SDK_CMAKE_DIRECTORY}/plugin.map)
  target_link_options(${name} PRIVATE -Wl,-z,nodelete -Wl,--version-script=${map})
  if(NOT ALICE_SANITIZE)  # the sanitizers' own symbols come from the program
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS ${map})
  if(ALICE_PLUGIN_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${ALICE_PLUGIN_DIRECTORY})
  endif()
endfunction()
