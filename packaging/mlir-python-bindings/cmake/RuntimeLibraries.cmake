# The libraries that jitted code calls: mlir/lib/ExecutionEngine's shared ones.
#
# They are compiled here even though an MLIR installs them: a distribution's are linked to its
# libLLVM, which would bring 200 MB of libraries into the wheel for a few functions.

set(runtime_source "${MLIR_SOURCE_DIR}/lib/ExecutionEngine")

# mlir_runtime_library(NAME SOURCES ... [LINK ...]): one of them, in the folder runtime/.
function(mlir_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  # The plain name is taken by the imported library of the MLIR that is built against.
  set(target "MLIRPythonRuntime.${name}")
  list(TRANSFORM ARG_SOURCES PREPEND "${runtime_source}/")
  add_library(${target} SHARED ${ARG_SOURCES})
  target_compile_definitions(${target} PRIVATE "${name}_EXPORTS")
  # The source's headers come before the installed ones: they carry this project's patches.
  target_include_directories(${target} BEFORE PRIVATE "${MLIR_SOURCE_DIR}/include")
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME "${name}" CXX_STANDARD 17)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL)
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION runtime RUNTIME DESTINATION runtime)
endfunction()

mlir_runtime_library(mlir_float16_utils SOURCES Float16bits.cpp)
mlir_runtime_library(mlir_async_runtime SOURCES AsyncRuntime.cpp LINK LLVMSupport)
if(NOT WIN32)
  mlir_runtime_library(mlir_apfloat_wrappers SOURCES APFloatWrappers.cpp LINK LLVMSupport)
  set(apfloat MLIRPythonRuntime.mlir_apfloat_wrappers)
endif()
mlir_runtime_library(mlir_runner_utils
  SOURCES RunnerUtils.cpp
  LINK MLIRPythonRuntime.mlir_float16_utils ${apfloat})
mlir_runtime_library(mlir_c_runner_utils
  SOURCES CRunnerUtils.cpp SparseTensorRuntime.cpp
    SparseTensor/File.cpp SparseTensor/MapRef.cpp SparseTensor/Storage.cpp
  LINK MLIRPythonRuntime.mlir_float16_utils ${apfloat})
