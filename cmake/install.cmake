# Where things lie when they are installed. Programs, plugins and templates stay together, as in the build folder, so that
# they find each other beside themselves; <prefix>/bin has a link.
#
#   bin/alice -> ../lib/alice/alice
#   lib/libalice-base.so, lib/libalice-core.so
#   lib/alice/           alice, alice-worker, plugins/, templates/
#   lib/cmake/ALICE/     the package for plugins (sdk/)
#   lib/systemd/system/  alice.service, which starts what was installed
#   include/alice/       its headers
#   share/alice/         config.yaml, annotated; models/, those that come with ALICE
#   share/doc/alice/     what there is to read, and the licences
#   share/man/man1/      a page for `alice` and for each of its commands, from their --help
#   share/bash-completion/, share/zsh/, share/fish/

include(GNUInstallDirs)
set(ALICE_PROGRAM_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/alice)

# Found from their own place; what lies outside (a libtorch in /opt) by its path.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

function(alice_install_programs)
  get_property(plugins GLOBAL PROPERTY ALICE_PLUGINS)
  set_target_properties(alice alice-worker PROPERTIES INSTALL_RPATH "$ORIGIN/..")
  set_target_properties(alice-base alice-core PROPERTIES INSTALL_RPATH "$ORIGIN")
  set_target_properties(${plugins} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
  install(TARGETS alice alice-worker RUNTIME DESTINATION ${ALICE_PROGRAM_DIRECTORY})
  install(TARGETS alice-base alice-core LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS ${plugins} LIBRARY DESTINATION ${ALICE_PROGRAM_DIRECTORY}/plugins)

  file(RELATIVE_PATH program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/alice/alice)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/links)
  file(CREATE_LINK ${program} ${CMAKE_BINARY_DIR}/links/alice SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/links/alice DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

function(alice_install_models)
  install(FILES config/config.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/alice)
  install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/alice)
endfunction()

function(alice_install_reading)
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
  # The alice-clip plugin holds the vocabulary.
  install(FILES plugins/models/clip/vocabulary/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.clip-vocabulary)
endfunction()

# The prefix may be said as late as `cmake --install --prefix`.
function(alice_install_unit)
  install(CODE "
    set(ALICE_PROGRAM \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/alice\")
    configure_file(\"${PROJECT_SOURCE_DIR}/config/alice.service.in\" \"${CMAKE_BINARY_DIR}/alice.service\" @ONLY)")
  install(FILES ${CMAKE_BINARY_DIR}/alice.service DESTINATION lib/systemd/system)
endfunction()

# Pages of the manual are what the programs say of themselves.
function(alice_install_manual)
  set(pages ${CMAKE_BINARY_DIR}/man)
  install(CODE "execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/man_pages.sh ${CMAKE_BINARY_DIR}/alice ${pages}
    COMMAND_ERROR_IS_FATAL ANY)")
  install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endfunction()

function(alice_install_completions)
  set(folder ${CMAKE_BINARY_DIR}/completions)
  install(CODE "
    file(MAKE_DIRECTORY ${folder})
    foreach(shell bash zsh fish)
      execute_process(COMMAND ${CMAKE_BINARY_DIR}/alice completion \${shell} OUTPUT_FILE ${folder}/\${shell}
        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()")
  install(FILES ${folder}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME alice)
  install(FILES ${folder}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _alice)
  install(FILES ${folder}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME alice.fish)
endfunction()

# alice_install(): all of it, once all targets are there.
function(alice_install)
  alice_install_programs()
  alice_install_models()
  alice_install_reading()
  alice_install_unit()
  alice_install_manual()
  alice_install_completions()
endfunction()
