# The MLIR that is built against, and what a build of MLIR defines and its installed package does not.

include(SourceTree)
include(StaticRuntime)
# An SDK may bring the targets of the Python sources, too; here they are declared from the source.
set(MLIR_ENABLE_BINDINGS_PYTHON OFF)
find_package(MLIR REQUIRED CONFIG)
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")

set(MLIR_SOURCE_DIR "${LLVM_PROJECT_SOURCE}/mlir")
set(MLIR_MAIN_SRC_DIR "${MLIR_SOURCE_DIR}")
set(MLIR_BINARY_DIR "${CMAKE_BINARY_DIR}")
set(LLVM_RUNTIME_OUTPUT_INTDIR "${CMAKE_BINARY_DIR}/bin")
set(LLVM_LIBRARY_OUTPUT_INTDIR "${CMAKE_BINARY_DIR}/lib")
# The source's modules come before the package's: they carry this project's patches.
list(PREPEND CMAKE_MODULE_PATH "${MLIR_SOURCE_DIR}/cmake/modules" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include(HandleLLVMOptions)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(LLVM_DEFINITIONS)
add_definitions(${LLVM_DEFINITIONS})

# Versioned names would put every library into the wheel twice: wheels have no symbolic links.
set(CMAKE_PLATFORM_NO_VERSIONED_SONAME ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
include(Linking)
