# Laying out what an SDK wheel carries; the work is done by sdk-package, beside this folder.
#
#   MLIR_DIR, LLVM_DIR  where the CMake packages of the installed MLIR and LLVM are
#
# Sets SDK_LAYOUT to the folder that has llvm_sdk and mlir_sdk, and SDK_PREFIX_INCLUDE to the folder
# of the prefix's headers.

find_package(Python REQUIRED COMPONENTS Interpreter)
# Not find_package: the prefix's targets would be in the way of those that are laid out.
find_path(sdk_mlir_dir MLIRConfig.cmake HINTS "${MLIR_DIR}" PATH_SUFFIXES lib/cmake/mlir NO_CACHE REQUIRED)
find_path(sdk_llvm_dir LLVMConfig.cmake
  HINTS "${LLVM_DIR}" "${sdk_mlir_dir}/../llvm" PATH_SUFFIXES lib/cmake/llvm NO_CACHE REQUIRED)
set(SDK_LAYOUT "${CMAKE_BINARY_DIR}/layout")
cmake_path(SET SDK_PREFIX_INCLUDE NORMALIZE "${sdk_mlir_dir}/../../../include")

# lay_out_sdk(llvm|mlir): make the folders, with copies of the files of one package.
function(lay_out_sdk package)
  set(readelf)
  if(CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF")
    set(readelf --readelf "${CMAKE_READELF}")
  else()
    message(STATUS "Not ELF: the prefix's programs are taken as they are, whatever they link to")
  endif()
  # One that was compiled here may be released; one that was installed says to link to what it was made with.
  set(for_others)
  if(MLIR_RELEASE_PROVENANCE)
    file(READ "${MLIR_RELEASE_PROVENANCE}" release)
    string(JSON provider ERROR_VARIABLE unknown GET "${release}" sdk_provider)
    if(provider STREQUAL "build")
      set(for_others --for-others)
    endif()
  endif()
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "PYTHONPATH=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../sdk-package"
      "${Python_EXECUTABLE}" -B -m sdk_package
      --llvm "${sdk_llvm_dir}" --mlir "${sdk_mlir_dir}" --ship ${package} --output "${SDK_LAYOUT}"
      --ar "${CMAKE_AR}" --strip "${CMAKE_STRIP}" ${readelf} ${for_others}
    RESULT_VARIABLE status)
  if(status)
    message(FATAL_ERROR "${sdk_mlir_dir} could not be made into a wheel; the reason stands above")
  endif()
  # Seen from the layout, as a CMake project that uses it sees them.
  foreach(name IN ITEMS llvm mlir)
    file(GLOB headers LIST_DIRECTORIES TRUE "${SDK_PREFIX_INCLUDE}/${name}*")
    foreach(folder IN LISTS headers)
      cmake_path(GET folder FILENAME folder_name)
      file(MAKE_DIRECTORY "${SDK_LAYOUT}/${name}_sdk/include")
      if(CMAKE_HOST_WIN32)  # where few may make links
        file(COPY "${folder}" DESTINATION "${SDK_LAYOUT}/${name}_sdk/include")
      else()
        file(CREATE_LINK "${folder}" "${SDK_LAYOUT}/${name}_sdk/include/${folder_name}" SYMBOLIC)
      endif()
    endforeach()
  endforeach()
endfunction()

# install_sdk(llvm|mlir COMPONENT NAME): the laid out files of one package, and its headers.
function(install_sdk package)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "COMPONENT" "")
  set(place "${SDK_LAYOUT}/${package}_sdk")
  install(DIRECTORY "${place}/lib" "${place}/bin" DESTINATION . USE_SOURCE_PERMISSIONS COMPONENT ${ARG_COMPONENT})
  foreach(folder IN ITEMS ${package} ${package}-c)
    # A distribution's may be a symbolic link, which would be installed as one.
    file(REAL_PATH "${SDK_PREFIX_INCLUDE}/${folder}" headers)
    install(DIRECTORY "${headers}/" DESTINATION "include/${folder}"
      COMPONENT ${ARG_COMPONENT}
      PATTERN CMakeFiles EXCLUDE PATTERN cmake_install.cmake EXCLUDE PATTERN "CMakeLists.txt" EXCLUDE)
  endforeach()
endfunction()
