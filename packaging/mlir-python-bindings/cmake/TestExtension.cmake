# What upstream's tests need and no wheel carries: the dialect `python_test` and its extension.
#
# The dialect is C++, and the wheel's C API library exports nothing of that; so the tests that use it
# get a C API library of their own, the same libraries plus the dialect. Nothing here is part of
# `all`: the target MLIRPythonTestExtension makes the folder test_extension/mlir, which is laid over a
# copy of the installed package.

set(_test_source "${MLIR_SOURCE_DIR}/test/python")
set(_test_package "${CMAKE_CURRENT_BINARY_DIR}/test_extension/mlir")
set(_test_generated "${CMAKE_CURRENT_BINARY_DIR}/test-python")

# The libraries of the dialect; upstream expects to find its generated headers without being told.
include_directories("${_test_generated}/lib")
add_subdirectory("${_test_source}" "${_test_generated}" EXCLUDE_FROM_ALL)

get_target_property(_embedded MLIRPythonCAPI CAPI_EMBED_LIBS)
add_mlir_aggregate(MLIRPythonTestCAPI SHARED EMBED_LIBS ${_embedded} MLIRCAPIPythonTestDialect)
set_target_properties(MLIRPythonTestCAPI PROPERTIES
  EXCLUDE_FROM_ALL TRUE
  OUTPUT_NAME MLIRPythonCAPI
  LIBRARY_OUTPUT_DIRECTORY "${_test_package}/_mlir_libs"
  RUNTIME_OUTPUT_DIRECTORY "${_test_package}/_mlir_libs")
mlir_python_setup_extension_rpath(MLIRPythonTestCAPI)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Nothing of this is installed, so nothing strips it: 70 MB of debug information per interpreter.
  target_link_options(MLIRPythonTestCAPI PRIVATE LINKER:--strip-all)
endif()

set(_support_library "MLIRPythonModules.extension.MLIRPythonSupport-${MLIR_BINDINGS_PYTHON_NB_DOMAIN}.so")
get_target_property(_nanobind_library ${_support_library} LINK_LIBRARIES)
list(FILTER _nanobind_library INCLUDE REGEX "^nanobind.*-${MLIR_BINDINGS_PYTHON_NB_DOMAIN}$")
add_mlir_python_extension(MLIRPythonTestExtension.nanobind _mlirPythonTestNanobind ${_nanobind_library}
  OUTPUT_DIRECTORY "${_test_package}/_mlir_libs"
  MLIR_BINDINGS_PYTHON_NB_DOMAIN ${MLIR_BINDINGS_PYTHON_NB_DOMAIN}
  SOURCES "${_test_source}/lib/PythonTestModuleNanobind.cpp"
  LINK_LIBS PRIVATE MLIRPythonTestCAPI ${_support_library} LLVMSupport)
set_target_properties(MLIRPythonTestExtension.nanobind PROPERTIES EXCLUDE_FROM_ALL TRUE)
mlir_python_setup_extension_rpath(MLIRPythonTestExtension.nanobind)

set(LLVM_TARGET_DEFINITIONS "${_test_source}/python_test_ops.td")
mlir_tablegen("dialects/_python_test_ops_gen.py" -gen-python-op-bindings -bind-dialect=python_test)
add_public_tablegen_target(MLIRPythonTestExtension.ops)
add_custom_target(MLIRPythonTestExtension
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${_test_package}/dialects"
  COMMAND "${CMAKE_COMMAND}" -E copy
    "${CMAKE_CURRENT_BINARY_DIR}/dialects/_python_test_ops_gen.py"
    "${MLIR_SOURCE_DIR}/python/mlir/dialects/python_test.py"
    "${_test_package}/dialects"
  DEPENDS MLIRPythonTestExtension.ops MLIRPythonTestExtension.nanobind)
