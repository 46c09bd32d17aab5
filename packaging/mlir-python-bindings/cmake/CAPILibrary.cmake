# The one library that holds MLIR, LLVM and the C API, and that every extension links to.
#
# Upstream makes it from the object files of an MLIR build. Distributions do not install those
# (MLIR_INSTALL_AGGREGATE_OBJECTS=OFF), and their targets may say to link to libLLVM and libMLIR. So
# it is linked here from what every MLIR installs, the static libraries: those of the C API whole, of
# the others what these need. It exports the C API and nothing else, so that two packages that carry
# an MLIR of their own do not meet in one process. Each system's linker has its own way to be told so:
# a version script, a list of exports, a module definition.
#
#   CAPI_LINKER_FLAGS  optional: flags for its link

include(StaticLibraries)
include(IdenticalCode)

# add_capi_library(TARGET FOLDER API...): one with these libraries of the C API, all of what they export;
# upstream embeds only what its extensions call, but the headers that are shipped declare the rest, too.
# It is installed into a folder, under the one name that the extensions ask for.
function(add_capi_library name folder)
  set(placeholder "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${placeholder}" CONTENT "// All code is in the libraries.\n")
  add_library(${name} SHARED "${placeholder}")
  set_target_properties(${name} PROPERTIES
    OUTPUT_NAME MLIRPythonCAPI
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${folder}"
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${folder}"
    ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${folder}")

  static_library_files(api ${ARGN})
  all_static_libraries(implementation system_libraries)
  target_link_libraries(${name} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${api}>")
  set(exports "${CMAKE_CURRENT_BINARY_DIR}/${name}.exports")
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    file(CONFIGURE OUTPUT "${exports}" CONTENT "{ global: mlir*; local: *; };\n")
    target_link_options(${name} PRIVATE
      "LINKER:--version-script=${exports}" LINKER:-z,defs ${CAPI_LINKER_FLAGS})
    target_link_libraries(${name} PRIVATE "$<LINK_GROUP:RESCAN,${implementation}>" ${system_libraries})
  elseif(APPLE)
    file(CONFIGURE OUTPUT "${exports}" CONTENT "_mlir*\n")
    target_link_options(${name} PRIVATE "LINKER:-exported_symbols_list,${exports}" ${CAPI_LINKER_FLAGS})
    target_link_libraries(${name} PRIVATE ${implementation} ${system_libraries})
  else()
    # Without a list nothing is exported, or all of LLVM, which is more names than a DLL can have.
    find_package(Python REQUIRED COMPONENTS Interpreter)
    set(exports "${CMAKE_CURRENT_BINARY_DIR}/${name}.def")
    set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/module_definition.py")
    add_custom_command(OUTPUT "${exports}"
      COMMAND "${Python_EXECUTABLE}" -I "${script}" "${exports}" mlir ${api}
      DEPENDS ${api} "${script}"
      VERBATIM)
    target_sources(${name} PRIVATE "${exports}")
    target_link_options(${name} PRIVATE ${CAPI_LINKER_FLAGS})
    target_link_libraries(${name} PRIVATE ${implementation} ${system_libraries})
  endif()
  fold_identical_code(${name})
  # On Windows two files: the DLL, and the library by which others link to it.
  install(TARGETS ${name}
    LIBRARY DESTINATION "${folder}" RUNTIME DESTINATION "${folder}" ARCHIVE DESTINATION "${folder}")
endfunction()
