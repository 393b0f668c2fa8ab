# How ALICE's targets are compiled. Plugins, and all that knows tensors: sdk/cmake/ALICEPlugin.cmake.

add_library(alice-flags INTERFACE)
target_include_directories(alice-flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(alice-flags INTERFACE -Wall -Wextra -Wno-unused-parameter $<$<CONFIG:Release>:-O2>)
if(ALICE_SANITIZE)
  target_compile_options(alice-flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1)
  target_link_options(alice-flags INTERFACE -fsanitize=address,undefined)
endif()

# The names that the SDK has for what plugins are built with; ALICE::core is in core/.
add_library(alice-headers INTERFACE)
target_link_libraries(alice-headers INTERFACE alice-flags ALICE::torch nlohmann_json::nlohmann_json)
add_library(ALICE::headers ALIAS alice-headers)
include(${PROJECT_SOURCE_DIR}/sdk/cmake/ALICEPlugin.cmake)
alice_precompile_tensors()
