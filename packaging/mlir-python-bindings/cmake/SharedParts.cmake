# What shared/ makes, put where upstream's build files expect to make it themselves.

if(NOT MLIR_RELEASE_SHARED)
  set(MLIR_RELEASE_SHARED "${CMAKE_BINARY_DIR}/shared-parts")
  set(_build "${CMAKE_BINARY_DIR}/shared-build")
  set(_system)
  if(APPLE)
    list(JOIN CMAKE_OSX_ARCHITECTURES "\\;" _architectures)
    set(_system
      "-DCMAKE_OSX_DEPLOYMENT_TARGET=${CMAKE_OSX_DEPLOYMENT_TARGET}"
      "-DCMAKE_OSX_ARCHITECTURES=${_architectures}")
  endif()
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
      ${_system}
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
  if(WIN32)
    # Extensions link to the library that stands for the DLL; the placeholder exports nothing and has none.
    cmake_path(REPLACE_EXTENSION file LAST_ONLY "${CMAKE_IMPORT_LIBRARY_SUFFIX}")
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E copy "${file}" "$<TARGET_IMPORT_FILE:${name}>")
  endif()
endfunction()

# Sets `output` to the file of the C API library in a folder of shared/.
function(capi_library_file output folder)
  set(name "${CMAKE_SHARED_LIBRARY_PREFIX}MLIRPythonCAPI${CMAKE_SHARED_LIBRARY_SUFFIX}")
  set(${output} "${MLIR_RELEASE_SHARED}/${folder}/${name}" PARENT_SCOPE)
endfunction()

# Called by upstream's add_mlir_python_common_capi_library, for the library that all extensions link to.
function(add_mlir_aggregate name)
  cmake_parse_arguments(ARG "SHARED;DISABLE_INSTALL" "" "EMBED_LIBS" ${ARGN})
  get_property(embedded GLOBAL PROPERTY MLIR_UPSTREAM_CAPI_LIBS)
  list(REMOVE_ITEM ARG_EMBED_LIBS ${embedded})
  if(ARG_EMBED_LIBS)
    message(FATAL_ERROR "The C API library does not have ${ARG_EMBED_LIBS}, which the extensions need")
  endif()
  capi_library_file(file capi)
  add_ready_made_library(${name} "${file}")
  if(WIN32)
    # Upstream installs the DLL alone; who has the headers wants to link to it, too.
    install(FILES "$<TARGET_IMPORT_FILE:${name}>"
      COMPONENT MLIRPythonModules
      DESTINATION "${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}/_mlir_libs")
  endif()
endfunction()

install(DIRECTORY "${MLIR_RELEASE_SHARED}/runtime/"
  COMPONENT MLIRPythonModules
  DESTINATION "${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}/_mlir_libs"
  USE_SOURCE_PERMISSIONS)
