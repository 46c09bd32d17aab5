# Which source files a program of upstream's has, as upstream's own CMakeLists.txt says it.

include(Provenance)

# upstream_sources(OUTPUT PROGRAM AVAILABLE target ...): set a variable to the source files of a program, those of
# libraries that belong to it alone (declared beside it, as llc's and opt's drivers are) or that are not among the
# available ones, and of what these link to. Empty, and a finding, if upstream no longer has it.
function(upstream_sources output program)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "AVAILABLE")
  set(${output} "" PARENT_SCOPE)
  _upstream_file(file ${program} mlir/tools llvm/tools llvm/utils)
  if(file)
    _upstream_declarations("${file}")
  endif()
  if(NOT sources.${program})
    report_finding("llvm-project declares no program ${program} in mlir/tools, llvm/tools or llvm/utils: it is left out")
    return()
  endif()
  set(sources)
  set(seen)
  set(read "${file}")
  set(pending ${program})
  while(pending)
    list(POP_FRONT pending name)
    if(NOT name IN_LIST seen)
      list(APPEND seen ${name})
      if(NOT DEFINED sources.${name} AND NOT name IN_LIST ARG_AVAILABLE)
        _upstream_file(file ${name} mlir/lib/Tools)
        if(file AND NOT file IN_LIST read)
          list(APPEND read "${file}")
          _upstream_declarations("${file}")
        endif()
      endif()
      list(APPEND sources ${sources.${name}})
      list(APPEND pending ${links.${name}})
    endif()
  endwhile()
  set(${output} ${sources} PARENT_SCOPE)
endfunction()

# Sets `output` to the CMakeLists.txt below some folders of the source that declares a name; empty if none does.
function(_upstream_file output name)
  set(${output} "" PARENT_SCOPE)
  foreach(folder IN LISTS ARGN)
    set(place "${LLVM_PROJECT_SOURCE}/${folder}")
    file(GLOB files "${place}/*/CMakeLists.txt" "${place}/*/*/CMakeLists.txt")
    foreach(file IN LISTS files)
      file(STRINGS "${file}" lines REGEX "^[ \t]*(llvm_)?add_[a-z_]+\\([ \t]*${name}([ \t)]|$)" LIMIT_COUNT 1)
      if(lines)
        set(${output} "${file}" PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
endfunction()

# Sets `sources.NAME` and `links.NAME` for all that a CMakeLists.txt declares.
macro(_upstream_declarations file)
  cmake_path(GET file PARENT_PATH _folder)
  string(MD5 _key "${file}")
  set(_output "${CMAKE_BINARY_DIR}/upstream/${_key}.cmake")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -D "FILE=${file}" -D "OUTPUT=${_output}"
      -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/UpstreamDeclarations.cmake"
    WORKING_DIRECTORY "${_folder}"
    RESULT_VARIABLE _status
    ERROR_VARIABLE _errors)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  if(_status)
    string(REGEX REPLACE "[ \t\n]+" " " _errors "${_errors}")
    report_finding("${file} cannot be read: ${_errors}")
  else()
    include("${_output}")
  endif()
endmacro()
