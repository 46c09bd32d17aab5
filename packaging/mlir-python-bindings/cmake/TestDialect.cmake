# The libraries of the dialect `python_test` of upstream's tests. It is C++, and a wheel's C API library
# exports nothing of that: so the tests that use it get a C API library with the dialect inside.

# The folder also declares how its tests are run; here they are not.
function(add_lit_testsuite)
endfunction()
set(_test_generated "${CMAKE_CURRENT_BINARY_DIR}/test-python")
# Upstream expects to find its generated headers without being told.
include_directories("${_test_generated}/lib")
add_subdirectory("${MLIR_SOURCE_DIR}/test/python" "${_test_generated}" EXCLUDE_FROM_ALL)
