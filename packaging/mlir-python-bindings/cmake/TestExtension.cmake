# What upstream's tests need and no wheel carries: the extension of the dialect `python_test`.
#
# Nothing here is part of `all`: the target MLIRPythonTestExtension makes the folder test_extension/mlir,
# which is laid over a copy of the installed package. With it comes a C API library that has the dialect.

set(_test_source "${MLIR_SOURCE_DIR}/test/python")
set(_test_package "${CMAKE_CURRENT_BINARY_DIR}/test_extension/mlir")

capi_library_file(_test_capi test)
add_ready_made_library(MLIRPythonTestCAPI "${_test_capi}")
set_target_properties(MLIRPythonTestCAPI PROPERTIES
  EXCLUDE_FROM_ALL TRUE
  OUTPUT_NAME MLIRPythonCAPI
  LIBRARY_OUTPUT_DIRECTORY "${_test_package}/_mlir_libs"
  RUNTIME_OUTPUT_DIRECTORY "${_test_package}/_mlir_libs"
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/test-library")

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
