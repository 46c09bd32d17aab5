# Upstream's, with the functions that make bindings out of the declared sources doing nothing.
include("${LLVM_PROJECT_SOURCE}/mlir/cmake/modules/AddMLIRPython.cmake")

function(add_mlir_python_common_capi_library)
endfunction()

function(add_mlir_python_modules)
endfunction()
