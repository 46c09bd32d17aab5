# mlir/release.json: what this wheel was made from (read by mlir/release.py).

if(MLIR_RELEASE_PROVENANCE)
  file(READ "${MLIR_RELEASE_PROVENANCE}" release)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${MLIR_RELEASE_PROVENANCE}")
else()
  # A plain `pip wheel`: nobody says which commit this is, so the wheel does not say so either.
  set(release
    "{\"tag\": null, \"llvm_commit\": null, \"llvm_ref\": null, \"patches\": [], \"sdk_provider\": \"unknown\", \"source\": \"unknown\"}")
endif()

# The number of nanobind's internals, half of what decides whether two packages share types
# (the other half is the domain); it stands in one of these, depending on nanobind's age.
set(_nanobind_abi "unknown")
foreach(header IN ITEMS nb_abi.h nb_internals.h)
  set(_file "${nanobind_DIR}/../src/${header}")
  if(EXISTS "${_file}")
    file(STRINGS "${_file}" _line REGEX "define NB_INTERNALS_VERSION [0-9]+" LIMIT_COUNT 1)
    if(_line MATCHES "NB_INTERNALS_VERSION ([0-9]+)")
      set(_nanobind_abi "${CMAKE_MATCH_1}")
    endif()
  endif()
endforeach()

function(_set_release key value)
  string(JSON release SET "${release}" "${key}" "\"${value}\"")
  set(release "${release}" PARENT_SCOPE)
endfunction()
_set_release(version "${SKBUILD_PROJECT_VERSION_FULL}")
_set_release(llvm_version "${LLVM_PACKAGE_VERSION}")
_set_release(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
_set_release(nanobind_version "${nanobind_VERSION}")
_set_release(nanobind_abi "${_nanobind_abi}")
_set_release(nanobind_domain "${MLIR_BINDINGS_PYTHON_NB_DOMAIN}")
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/release.json" CONTENT "@release@\n" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/release.json"
  COMPONENT MLIRPythonModules
  DESTINATION "${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}")
