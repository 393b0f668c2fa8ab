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
# alice_embed(<file> <constant> <header>): the file's text as alice::<constant>, in that header of the current build folder.
function(alice_embed file constant header)
  get_filename_component(path ${file} ABSOLUTE)
  file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR} ${path})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} text)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${header} @ONLY CONTENT
"#pragma once
// Made from @place@ by the build.
namespace alice { inline constexpr const char* @constant@ = R\"text(@text@)text\"; }
")
endfunction()

# alice_embed_files(ROOT CONSTANT HEADER FILES...): the texts of files below ROOT as an array of {name, text}, of a type that
# whoever includes the header has declared.
function(alice_embed_files root constant header)
  set(entries "")
  foreach(path ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(RELATIVE_PATH name ${root} ${path})
    file(READ ${path} text)
    string(APPEND entries "  {\"${name}\", R\"file(${text})file\"},\n")
  endforeach()
  set(whole "#pragma once\n// Made from ${root} by the build.\nnamespace alice { inline constexpr WebFile ${constant}[] = {\n${entries}}; }\n")
  set(made ${CMAKE_CURRENT_BINARY_DIR}/${header})
  set(before "")
  if(EXISTS ${made})
    file(READ ${made} before)
  endif()
  if(NOT "${before}" STREQUAL "${whole}")
    file(WRITE ${made} "${whole}")
  endif()
endfunction()

include(${PROJECT_SOURCE_DIR}/sdk/cmake/ALICEPlugin.cmake)
alice_precompile_tensors()
