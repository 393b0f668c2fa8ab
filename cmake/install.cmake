# Where things lie when they are installed. Programs, plugins and templates stay together, as in the build folder, so that
# they find each other beside themselves; <prefix>/bin has a link.
#
#   bin/alice -> ../lib/alice/alice
#   lib/libalice-base.so, lib/libalice-core.so
#   lib/alice/           alice, alice-worker, plugins/, templates/
#   lib/cmake/ALICE/     the package for plugins (sdk/)
#   include/alice/       its headers
#   share/alice/         config.yaml, annotated

include(GNUInstallDirs)
set(ALICE_PROGRAM_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/alice)

# Found from their own place; what lies outside (a libtorch in /opt) by its path.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

# alice_install(): the rules for programs, libraries and plugins, once all targets are there.
function(alice_install)
  get_property(plugins GLOBAL PROPERTY ALICE_PLUGINS)
  set_target_properties(alice alice-worker PROPERTIES INSTALL_RPATH "$ORIGIN/..")
  set_target_properties(alice-base alice-core PROPERTIES INSTALL_RPATH "$ORIGIN")
  set_target_properties(${plugins} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
  install(TARGETS alice alice-worker RUNTIME DESTINATION ${ALICE_PROGRAM_DIRECTORY})
  install(TARGETS alice-base alice-core LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS ${plugins} LIBRARY DESTINATION ${ALICE_PROGRAM_DIRECTORY}/plugins)
  install(FILES ${PROJECT_SOURCE_DIR}/config/config.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/alice)

  file(RELATIVE_PATH program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/alice/alice)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/links)
  file(CREATE_LINK ${program} ${CMAKE_BINARY_DIR}/links/alice SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/links/alice DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
