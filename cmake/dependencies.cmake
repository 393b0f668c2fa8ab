# What ALICE stands on. Debian 12's and Debian 13's packages, or a libtorch given by CMAKE_PREFIX_PATH.

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
if(TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)  # 0.7 (Debian 12); 0.8 has the namespace
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS filesystem system)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_library(ALICE_SODIUM sodium REQUIRED)
find_library(ALICE_XXHASH xxhash REQUIRED)

# RESTinio's package file brings a standalone asio; ours is Boost's, one for the whole program.
find_path(ALICE_RESTINIO_INCLUDE restinio/all.hpp REQUIRED)
find_library(ALICE_HTTP_PARSER http_parser REQUIRED)
find_package(fmt REQUIRED)
add_library(alice-restinio INTERFACE)
target_include_directories(alice-restinio SYSTEM INTERFACE ${ALICE_RESTINIO_INCLUDE})
target_compile_definitions(alice-restinio INTERFACE RESTINIO_USE_BOOST_ASIO)
target_link_libraries(alice-restinio INTERFACE ${ALICE_HTTP_PARSER} fmt::fmt Boost::system Threads::Threads)

include(${PROJECT_SOURCE_DIR}/sdk/cmake/ALICETorch.cmake)
if(NOT ALICE_TORCH_VERSION)
  message(FATAL_ERROR "There is no libtorch (Debian: libtorch-dev; elsewhere -DCMAKE_PREFIX_PATH=/path/to/libtorch)")
endif()

# oneDNN 2, the library that Debian 12's libtorch is linked with: for the backend onednn, which is left out without it.
# oneDNN 3 has another interface.
find_path(ALICE_DNNL_INCLUDE dnnl.hpp)
find_library(ALICE_DNNL dnnl)
find_package(OpenMP)
set(ALICE_HAS_ONEDNN OFF)
if(ALICE_DNNL AND ALICE_DNNL_INCLUDE AND OpenMP_CXX_FOUND AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  file(STRINGS ${ALICE_DNNL_INCLUDE}/oneapi/dnnl/dnnl_version.h ALICE_DNNL_MAJOR REGEX "DNNL_VERSION_MAJOR +2$")
  if(ALICE_DNNL_MAJOR)
    set(ALICE_HAS_ONEDNN ON)
    add_library(alice-onednn INTERFACE)
    target_include_directories(alice-onednn SYSTEM INTERFACE ${ALICE_DNNL_INCLUDE})
    target_link_libraries(alice-onednn INTERFACE ${ALICE_DNNL})
  endif()
endif()
