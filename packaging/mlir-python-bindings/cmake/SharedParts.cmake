# What shared/ makes, put where upstream's build files expect to make it themselves.

if(NOT MLIR_RELEASE_SHARED)
  set(MLIR_RELEASE_SHARED "${CMAKE_BINARY_DIR}/shared-parts")
  set(_build "${CMAKE_BINARY_DIR}/shared-build")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_SOURCE_DIR}/shared" -B "${_build}" -G "${CMAKE_GENERATOR}"
      "-DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}"
      "-DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}"
      "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
      "-DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}"
      "-DCMAKE_LINKER_TYPE=${CMAKE_LINKER_TYPE}"
      "-DMLIR_DIR=${MLIR_DIR}"
      "-DLLVM_DIR=${LLVM_DIR}"
      "-DLLVM_PROJECT_SOURCE=${LLVM_PROJECT_SOURCE}"
      -DWITH_TEST_DIALECT=OFF
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${_build}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" --install "${_build}" --prefix "${MLIR_RELEASE_SHARED}" --strip
    COMMAND_ERROR_IS_FATAL ANY)
endif()

# add_ready_made_library(NAME FILE): a library whose content is linked already. A target that upstream's
# functions can install and link to must be linked here; what that gives is then replaced.
function(add_ready_made_library name file)
  set(placeholder "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${placeholder}" CONTENT "// The library was linked elsewhere.\n")
  add_library(${name} SHARED "${placeholder}")
  set_target_properties(${name} PROPERTIES LINK_DEPENDS "${file}")
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND "${CMAKE_COMMAND}" -E copy "${file}" "$<TARGET_FILE:${name}>")
endfunction()

# Called by upstream's add_mlir_python_common_capi_library, for the library that all extensions link to.
function(add_mlir_aggregate name)
  cmake_parse_arguments(ARG "SHARED;DISABLE_INSTALL" "" "EMBED_LIBS" ${ARGN})
  get_property(embedded GLOBAL PROPERTY MLIR_UPSTREAM_CAPI_LIBS)
  list(REMOVE_ITEM ARG_EMBED_LIBS ${embedded})
  if(ARG_EMBED_LIBS)
    message(FATAL_ERROR "The C API library does not have ${ARG_EMBED_LIBS}, which the extensions need")
  endif()
  add_ready_made_library(${name} "${MLIR_RELEASE_SHARED}/capi/libMLIRPythonCAPI${CMAKE_SHARED_LIBRARY_SUFFIX}")
endfunction()

install(DIRECTORY "${MLIR_RELEASE_SHARED}/runtime/"
  COMPONENT MLIRPythonModules
  DESTINATION "${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}/_mlir_libs"
  USE_SOURCE_PERMISSIONS)
