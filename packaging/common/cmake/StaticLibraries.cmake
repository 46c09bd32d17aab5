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
