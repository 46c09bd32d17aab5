# Before Python 3.11, nanobind's stubgen imports typing_extensions. In pip's isolated build it is on the path of pip's
# own processes only, and upstream hands no PYTHONPATH on where the prefix is relative. There it is put where stubgen,
# like any program, looks first: into its own folder, which goes with the build.

set(_where "import typing_extensions; print(typing_extensions.__file__)")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env --unset=PYTHONPATH "${Python_EXECUTABLE}" -c "${_where}"
  RESULT_VARIABLE _not_importable OUTPUT_QUIET ERROR_QUIET)
if(Python_VERSION VERSION_LESS 3.11 AND _not_importable)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c "${_where}"
    OUTPUT_VARIABLE _typing_extensions OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  file(COPY "${_typing_extensions}" DESTINATION "${nanobind_DIR}/..")
endif()
