# Finds libtorch: the target ALICE::torch, and ALICE_TORCH_VERSION ("1.13"), empty when there is none.
#
# libtorch's own package file asks for protobuf, gflags and the like, which only its Python side needs: what is used here
# is two libraries and their headers. Debian: libtorch-dev. Elsewhere: -DCMAKE_PREFIX_PATH=/path/to/libtorch.

find_library(ALICE_TORCH_CPU torch_cpu PATH_SUFFIXES torch/lib lib)
find_library(ALICE_C10 c10 PATH_SUFFIXES torch/lib lib)
find_path(ALICE_TORCH_INCLUDE ATen/ATen.h PATH_SUFFIXES torch/include include)

set(ALICE_TORCH_VERSION "")
if(ALICE_TORCH_CPU AND ALICE_C10 AND ALICE_TORCH_INCLUDE)
  file(READ ${ALICE_TORCH_INCLUDE}/torch/csrc/api/include/torch/version.h alice_torch_version_h)
  string(REGEX REPLACE ".*TORCH_VERSION_MAJOR ([0-9]+).*TORCH_VERSION_MINOR ([0-9]+).*" "\\1.\\2"
    ALICE_TORCH_VERSION "${alice_torch_version_h}")
endif()

if(ALICE_TORCH_VERSION AND NOT TARGET ALICE::torch)
  add_library(ALICE::torch INTERFACE IMPORTED GLOBAL)
  target_link_libraries(ALICE::torch INTERFACE ${ALICE_TORCH_CPU} ${ALICE_C10})
  target_include_directories(ALICE::torch SYSTEM INTERFACE ${ALICE_TORCH_INCLUDE})
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    # torch_cpu registers its operators in static initialisers; keep it even where no symbol of it is named directly.
    target_link_options(ALICE::torch INTERFACE -Wl,--no-as-needed)
  endif()
endif()
