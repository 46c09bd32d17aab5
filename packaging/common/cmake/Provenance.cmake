# release.json: what a wheel was made from, as one file of its import package.
#
#   MLIR_RELEASE_PROVENANCE  optional: a JSON file with what the release knows about itself
#   LLVM_PACKAGE_VERSION     the version of the LLVM that is built against, as its CMake package says it

# report_finding(TEXT): note what is odd about upstream, but no reason to stop: a snapshot is made and says so
# ("findings" in release.json), a numbered release is refused.
function(report_finding text)
  string(REPLACE ";" "," text "${text}")
  message(STATUS "Finding: ${text}")
  set_property(GLOBAL APPEND PROPERTY RELEASE_FINDINGS "${text}")
endfunction()

# write_provenance(DESTINATION FOLDER COMPONENT NAME): install it into a folder of the wheel. What the
# build knows itself is added here: versions, the compiler where one is used, nanobind where it is.
function(write_provenance)
  cmake_parse_arguments(PARSE_ARGV 0 ARG "" "DESTINATION;COMPONENT" "")
  if(MLIR_RELEASE_PROVENANCE)
    file(READ "${MLIR_RELEASE_PROVENANCE}" release)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${MLIR_RELEASE_PROVENANCE}")
  else()
    # A plain `pip wheel`: nobody says which commit this is, so the wheel does not say so either.
    string(CONCAT release
      [[{"tag": null, "llvm_commit": null, "llvm_ref": null, "patches": [], "sdk_provider": "unknown",]]
      [[ "source": "unknown", "compiler": "unknown"}]])
  endif()
  set(keys version llvm_version)
  set(version "${SKBUILD_PROJECT_VERSION_FULL}")
  set(llvm_version "${LLVM_PACKAGE_VERSION}")
  if(CMAKE_CXX_COMPILER_ID)
    list(APPEND keys compiler)
    set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  endif()
  if(nanobind_VERSION)
    list(APPEND keys nanobind_version nanobind_abi nanobind_domain)
    set(nanobind_version "${nanobind_VERSION}")
    _nanobind_abi(nanobind_abi)
    set(nanobind_domain "${MLIR_BINDINGS_PYTHON_NB_DOMAIN}")
  endif()
  foreach(key IN LISTS keys)
    string(JSON release SET "${release}" "${key}" "\"${${key}}\"")
  endforeach()
  get_property(findings GLOBAL PROPERTY RELEASE_FINDINGS)
  if(findings)
    set(number 0)
    string(JSON release SET "${release}" findings "[]")
    foreach(finding IN LISTS findings)
      string(REGEX REPLACE "([\\\"])" "\\\\\\1" finding "${finding}")
      string(JSON release SET "${release}" findings ${number} "\"${finding}\"")
      math(EXPR number "${number} + 1")
    endforeach()
  endif()
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/release.json" CONTENT "@release@\n" @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/release.json"
    DESTINATION "${ARG_DESTINATION}"
    COMPONENT "${ARG_COMPONENT}")
endfunction()

# Sets `output` to the number of nanobind's internals, half of what decides whether two packages share
# types (the other half is the domain); it stands in one of these, depending on nanobind's age.
function(_nanobind_abi output)
  set(${output} "unknown" PARENT_SCOPE)
  foreach(header IN ITEMS nb_abi.h nb_internals.h)
    set(file "${nanobind_DIR}/../src/${header}")
    if(EXISTS "${file}")
      file(STRINGS "${file}" line REGEX "define NB_INTERNALS_VERSION [0-9]+" LIMIT_COUNT 1)
      if(line MATCHES "NB_INTERNALS_VERSION ([0-9]+)")
        set(${output} "${CMAKE_MATCH_1}" PARENT_SCOPE)
      endif()
    endif()
  endforeach()
endfunction()
