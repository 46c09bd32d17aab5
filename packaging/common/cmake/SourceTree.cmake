# Sees that LLVM_PROJECT_SOURCE is a source tree; its version is not looked at.

if(NOT EXISTS "${LLVM_PROJECT_SOURCE}/mlir/python/CMakeLists.txt")
  message(FATAL_ERROR
    "LLVM_PROJECT_SOURCE is '${LLVM_PROJECT_SOURCE}', which is not an llvm-project tree: "
    "set it to one of the same version as the MLIR that is built against")
endif()
