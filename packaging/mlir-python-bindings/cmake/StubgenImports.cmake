# Before Python 3.11, nanobind's stubgen imports typing_extensions. In pip's isolated build it lies beside nanobind, on
# the path of pip's own process only, and upstream hands no PYTHONPATH on where the prefix is relative. There it is
# put where stubgen, like any program, looks first: into its own folder, which goes with the build.

cmake_path(SET _site_packages NORMALIZE "${nanobind_DIR}/../..")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env --unset=PYTHONPATH "${Python_EXECUTABLE}" -c "import typing_extensions"
  RESULT_VARIABLE _not_importable OUTPUT_QUIET ERROR_QUIET)
if(Python_VERSION VERSION_LESS 3.11 AND _not_importable AND EXISTS "${_site_packages}/typing_extensions.py")
  file(COPY "${_site_packages}/typing_extensions.py" DESTINATION "${_site_packages}/nanobind")
endif()
