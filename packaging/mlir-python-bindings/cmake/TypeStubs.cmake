# Type stubs for every extension. Upstream generates those of _mlir, has a stale one by hand for
# _mlirExecutionEngine, and none for the rest.
#
# nanobind's generator imports the extension from the package in the build folder, so that must be
# complete: all extensions, since some import others, and the Python files around them.

_flatten_mlir_python_targets(_sources MLIRPythonSources MLIRPythonExtension.RegisterEverything)
set(_modules)
set(_package_files)
foreach(source IN LISTS _sources)
  get_target_property(type ${source} mlir_python_SOURCES_TYPE)
  if(type STREQUAL "extension")
    get_target_property(module ${source} mlir_python_EXTENSION_MODULE_NAME)
    list(APPEND _modules ${module})
    list(APPEND _package_files "MLIRPythonModules.extension.${module}.dso")
  elseif(type STREQUAL "pure")
    list(APPEND _package_files "MLIRPythonModules.sources.${source}")
  endif()
endforeach()
list(REMOVE_ITEM _modules _mlir)
add_custom_target(MLIRPythonPackageFiles DEPENDS ${_package_files})

set(_stub_dir "${CMAKE_CURRENT_BINARY_DIR}/type_stubs")
foreach(module IN LISTS _modules)
  mlir_generate_type_stubs(
    MODULE_NAME "mlir._mlir_libs.${module}"
    DEPENDS_TARGETS "MLIRPythonModules.extension.${module}.dso" MLIRPythonPackageFiles
    OUTPUT_DIR "${_stub_dir}"
    OUTPUTS "${module}.pyi"
    IMPORT_PATHS "${PACKAGE_OUTPUT_DIR}/..")
  add_dependencies(MLIRPythonModules "${NB_STUBGEN_CUSTOM_TARGET}")
  install(FILES "${_stub_dir}/${module}.pyi"
    COMPONENT MLIRPythonModules
    DESTINATION "${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}/_mlir_libs")
endforeach()

# All stubs, upstream's too, once they lie in the finished package: the generator writes names that
# it does not import, and cannot see what the package adds when it is imported.
install(CODE "
  execute_process(
    COMMAND \"${Python_EXECUTABLE}\" -I \"${CMAKE_CURRENT_SOURCE_DIR}/cmake/mend_stubs.py\"
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${MLIR_BINDINGS_PYTHON_INSTALL_PREFIX}\"
    COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT MLIRPythonModules)
