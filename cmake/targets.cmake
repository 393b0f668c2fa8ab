# How ALICE's targets are compiled, and alice_add_plugin().

add_library(alice-flags INTERFACE)
target_include_directories(alice-flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(alice-flags INTERFACE -Wall -Wextra -Wno-unused-parameter $<$<CONFIG:Release>:-O2>)
if(ALICE_SANITIZE)
  target_compile_options(alice-flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1)
  target_link_options(alice-flags INTERFACE -fsanitize=address,undefined)
endif()

# One precompiled header for everything that includes ATen: 4 s once instead of for every file.
add_library(alice-pch OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(alice-pch PUBLIC alice-flags alice-torch nlohmann_json::nlohmann_json)
target_precompile_headers(alice-pch PRIVATE <ATen/ATen.h> <nlohmann/json.hpp> <functional> <map> <memory> <optional> <string> <vector>)

# alice_use_tensors(<target>): compile against ATen, with the shared precompiled header.
function(alice_use_tensors target)
  target_link_libraries(${target} PUBLIC alice-flags alice-torch)
  set_target_properties(${target} PROPERTIES DEFINE_SYMBOL "")
  target_precompile_headers(${target} REUSE_FROM alice-pch)
endfunction()

# alice_add_plugin(<name> <sources>...): a shared library with exactly one exported symbol, its entry, found under
# build/plugins. -z defs: a missing symbol is a link error. -z nodelete: never unloaded.
function(alice_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  alice_use_tensors(${name})
  target_link_libraries(${name} PRIVATE alice-core)
  target_link_options(${name} PRIVATE -Wl,-z,nodelete
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/sdk/plugin.map)
  if(NOT ALICE_SANITIZE)  # the sanitizers' own symbols come from the program
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${ALICE_PLUGIN_DIRECTORY}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/sdk/plugin.map)
  set_property(GLOBAL APPEND PROPERTY ALICE_PLUGINS ${name})
endfunction()
