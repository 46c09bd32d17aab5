"""The CMake package of LLVM or of MLIR: read from a prefix, and written for a wheel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdk_package import config as configs
from sdk_package import exports, link_lists
from sdk_package.cmake_file import CMakeFile, UnknownForm, errors_of, parse, quoted
from sdk_package.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sdk_package.rules import Target

_EXPORTS = {"llvm": "LLVMExports", "mlir": "MLIRTargets"}
_CONFIGS = {"llvm": "LLVMConfig.cmake", "mlir": "MLIRConfig.cmake"}
# Where MLIR's wheel finds LLVM's, and where it is in a prefix that has both.
_LLVM_HINT = "${MLIR_INSTALL_PREFIX}/../llvm_sdk/lib/cmake/llvm"
# The sources of the Python bindings are another export set, for those who ask for it: a project that
# declares these targets itself (the released bindings do) must not meet them. Upstream's own value
# would overrule what a project says on the command line.
_BINDINGS = """
if(NOT DEFINED MLIR_ENABLE_BINDINGS_PYTHON)
  set(MLIR_ENABLE_BINDINGS_PYTHON OFF)
endif()"""
_INCLUDE_BINDINGS = """
if(MLIR_ENABLE_BINDINGS_PYTHON AND NOT TARGET MLIRPythonSources)
  include("${MLIR_CMAKE_DIR}/MLIRPythonTargets.cmake" OPTIONAL)
endif()"""


@dataclass(frozen=True)
class Package:
    """One package of a prefix.

    ``name`` is ``llvm`` or ``mlir``, ``folder`` has its CMake files; ``main`` and ``details`` are its
    export set, the latter for the ``configuration`` that it was built in; ``targets`` is what is in it;
    ``config`` is what ``find_package`` reads.
    """

    name: str
    folder: Path
    main: CMakeFile
    configuration: str
    details: CMakeFile
    targets: Mapping[str, Target]
    config: CMakeFile


@dataclass(frozen=True)
class Additions:
    """Targets that the prefix's package does not have: of object files, with these, and programs."""

    objects: Mapping[str, Sequence[str]]
    programs: Sequence[str]


def read(name: str, folder: Path) -> Package:
    """The package ``llvm`` or ``mlir`` in a folder of CMake files.

    Raises:
        UnknownForm: its files are not of the form that is known.
        OSError: one is not there.
    """
    exported = _EXPORTS[name]
    main = _parsed(folder / f"{exported}.cmake")
    found = [path.stem.partition("-")[2] for path in sorted(folder.glob(f"{exported}-*.cmake"))]
    if len(found) != 1:
        raise UnknownForm(f"{folder} has {len(found)} configurations ({', '.join(found)}), not one")
    main, details = link_lists.evaluated([main, _parsed(folder / f"{exported}-{found[0]}.cmake")])
    config = _parsed(folder / _CONFIGS[name])
    return Package(name, folder, main, found[0], details, exports.targets([main, details]), config)


def _parsed(path: Path) -> CMakeFile:
    with errors_of(str(path)):
        return parse(path.read_text(encoding="utf-8"), str(path))


def write_package(package: Package, plan: exports.Plan, additions: Additions, place: Path) -> Path:
    """Write a package's CMake files below ``place``, where its other files are; returns their folder.

    Raises:
        UnknownForm: the rules do not fit what is in the package.
    """
    cmake = place / "lib" / "cmake" / package.name
    exported, configured = _EXPORTS[package.name], _CONFIGS[package.name]
    for path in sorted(package.folder.glob("*.cmake*")):
        if path.name != configured and not path.name.startswith(exported):
            write(cmake / path.name, path.read_text(encoding="utf-8"))
    # scikit-build-core asks Python for this folder, and Python 3.9 knows only folders of packages.
    write(cmake / "__init__.py", "")
    new = [*additions.objects, *additions.programs]
    main = exports.filtered(package.main, plan, added=_created(additions), new=new)
    write(cmake / f"{exported}.cmake", main.text())
    located = _located(additions, package.configuration)
    details = exports.filtered(package.details, plan, added=located)
    write(cmake / f"{exported}-{package.configuration}.cmake", details.text())
    settings = configs.filtered(package.config, plan, package.targets, _changes(package, plan))
    write(cmake / configured, settings.text())
    return cmake


def _created(additions: Additions) -> str:
    objects = "".join(f"\n\nadd_library({name} OBJECT IMPORTED)" for name in additions.objects)
    return objects + "".join(f"\n\nadd_executable({name} IMPORTED)" for name in additions.programs)


def _located(additions: Additions, configuration: str) -> str:
    return _object_files(additions, configuration) + _program_files(additions, configuration)


def _object_files(additions: Additions, configuration: str) -> str:
    """Upstream's form of targets of object files (``MLIR_INSTALL_AGGREGATE_OBJECTS``)."""
    upper = configuration.upper()
    text = ""
    for name, names in additions.objects.items():
        files = quoted(f"${{_IMPORT_PREFIX}}/{file}" for file in names)
        text += (
            f"\n\nset_property(TARGET {name} APPEND PROPERTY IMPORTED_CONFIGURATIONS {upper})"
            f"\nset_target_properties({name} PROPERTIES"
            f'\n  IMPORTED_COMMON_LANGUAGE_RUNTIME_{upper} ""'
            f"\n  IMPORTED_OBJECTS_{upper} {files}\n  )"
            f"\n\nlist(APPEND _cmake_import_check_targets {name} )"
            f"\nlist(APPEND _cmake_import_check_files_for_{name} {files} )"
        )
    return text


def _program_files(additions: Additions, configuration: str) -> str:
    """Programs that are compiled with this CMake package, which so cannot check that they are there."""
    upper = configuration.upper()
    return "".join(
        f"\n\nset_property(TARGET {name} APPEND PROPERTY IMPORTED_CONFIGURATIONS {upper})"
        f"\nset_target_properties({name} PROPERTIES"
        f'\n  IMPORTED_LOCATION_{upper} "${{_IMPORT_PREFIX}}/bin/{name}"\n  )'
        for name in additions.programs
    )


def _changes(package: Package, plan: exports.Plan) -> dict[str, configs.Change]:
    """What is different in the config file of a wheel."""
    if package.name == "mlir":
        return {
            "find_package LLVM": configs.with_hint(_LLVM_HINT),
            "set MLIR_INSTALL_AGGREGATE_OBJECTS": configs.replaced_by(
                'set(MLIR_INSTALL_AGGREGATE_OBJECTS "ON")'
            ),
            "set MLIR_ENABLE_BINDINGS_PYTHON": configs.replaced_by(_BINDINGS.lstrip()),
            "include ${MLIR_CMAKE_DIR}/MLIRTargets.cmake": configs.followed_by(_INCLUDE_BINDINGS),
        }
    if "LLVM" in plan.stand_ins:
        return {"set LLVM_LINK_LLVM_DYLIB": configs.replaced_by("set(LLVM_LINK_LLVM_DYLIB OFF)")}
    return {}
