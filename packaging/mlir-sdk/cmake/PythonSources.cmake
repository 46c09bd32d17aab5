# The sources of MLIR's Python bindings, as CMake targets (MLIRPythonSources.Core and so on): what a
# downstream project builds its own bindings from. Upstream installs them with an MLIR that has
# bindings; the SDK is made without, once for all interpreters.
#
# mlir/python declares them. What it compiles from them is left out by this project's AddMLIRPython.

if(NOT TARGET MLIRPythonSources)
  set(MLIR_SOURCE_DIR "${LLVM_PROJECT_SOURCE}/mlir")
  set(MLIR_MAIN_SRC_DIR "${MLIR_SOURCE_DIR}")
  set(MLIR_BINARY_DIR "${CMAKE_BINARY_DIR}")
  set(MLIR_INCLUDE_TESTS OFF)
  set(MLIR_PYTHON_STUBGEN_ENABLED OFF)
  # Only for install targets, which scikit-build-core does not use.
  set(LLVM_ENABLE_IDE ON)
  list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
  include(TableGen)
  include(AddLLVM)
  include(AddMLIR)
  include(BuildOnlyTargets)
  include_directories(${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  add_subdirectory("${MLIR_SOURCE_DIR}/python" mlir-python)

  # Some are generated from the dialects' definitions.
  get_property(generated DIRECTORY "${MLIR_SOURCE_DIR}/python" PROPERTY BUILDSYSTEM_TARGETS)
  list(FILTER generated INCLUDE REGEX "\\.tablegen$")
  add_custom_target(python-sources ALL DEPENDS ${generated})
  install(EXPORT MLIRTargets
    FILE MLIRPythonTargets.cmake
    DESTINATION lib/cmake/mlir
    COMPONENT mlir-python-sources)
endif()
