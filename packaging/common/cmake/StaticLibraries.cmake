# static_library_files(OUTPUT TARGET...): set a variable to the files of those of the targets that are static
# libraries. Files and not targets: a distribution's targets may say to link to libLLVM and libMLIR, too.
function(static_library_files output)
  set(files)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      get_target_property(type ${target} TYPE)
      if(type STREQUAL "STATIC_LIBRARY")
        list(APPEND files "$<TARGET_FILE:${target}>")
      endif()
    endif()
  endforeach()
  set(${output} "${files}" PARENT_SCOPE)
endfunction()

# all_static_libraries(OUTPUT SYSTEM): set one variable to the files of all static libraries of the MLIR and the
# LLVM that were found, less the C API's, and another to what that LLVM was configured to need from the
# system: the C runtime's libraries by name, others (zlib, zstd) as targets or paths.
function(all_static_libraries output system)
  get_property(mlir_libraries GLOBAL PROPERTY MLIR_ALL_LIBS)
  list(FILTER mlir_libraries EXCLUDE REGEX "^MLIRCAPI")
  set(llvm_libraries ${LLVM_AVAILABLE_LIBS})
  list(FILTER llvm_libraries INCLUDE REGEX "^LLVM")
  static_library_files(files ${mlir_libraries} ${llvm_libraries})
  set(${output} "${files}" PARENT_SCOPE)
  get_target_property(system_libraries LLVMSupport INTERFACE_LINK_LIBRARIES)
  list(FILTER system_libraries EXCLUDE REGEX "^LLVM")
  set(${system} "${system_libraries}" PARENT_SCOPE)
endfunction()
