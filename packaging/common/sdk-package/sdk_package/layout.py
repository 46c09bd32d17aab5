"""The two folders of the wheels, made from an installed LLVM and MLIR."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sdk_package import foreign, rules
from sdk_package import plan as planning
from sdk_package.cmake_file import UnknownForm
from sdk_package.cmake_package import Additions, Package, read, write_package
from sdk_package.files import Binutils, Prefix, ensure_relocatable, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sdk_package.exports import Plan


def lay_out(
    folders: Mapping[str, Path], binutils: Binutils, ship: str, output: Path, *, for_others: bool = False
) -> None:
    """Make ``output``/llvm_sdk and ``output``/mlir_sdk.

    Args:
        folders: where the CMake files of ``llvm`` and of ``mlir`` are.
        binutils: the programs that handle static libraries.
        ship: the package whose files are copied; the other's are only linked to.
        output: an empty folder.
        for_others: whether it is for other machines, so that it must name no library of this one.

    Raises:
        UnknownForm: the prefix is not like those that the rules were written for, or names such a library.
        OSError: a file that it should have is not there.
    """
    packages = [read(name, folder) for name, folder in folders.items()]
    prefixes = [Prefix(package.folder.parents[2], binutils) for package in packages]
    if len({prefix.path.resolve() for prefix in prefixes}) != 1:
        raise UnknownForm(f"{prefixes[0].path} and {prefixes[1].path} are not one prefix with LLVM and MLIR")
    targets = {package.name: dict(package.targets) for package in packages}
    plan = planning.decide(targets, exists=prefixes[-1].exists, self_contained=prefixes[-1].self_contained)
    for package, prefix in zip(packages, prefixes):
        place = output / f"{package.name}_sdk"
        _put_files(package, plan, prefix, place, copy=package.name == ship)
        additions = _additions(package, plan, prefix, place)
        cmake = write_package(package, plan, additions, place)
        ensure_relocatable(sorted(cmake.iterdir()), [prefix.path])
        if for_others:
            _ensure_nothing_foreign(package.name, cmake, targets)
    compiled = "".join(f"{program}\n" for program in plan.compiled)
    write(output / "compiled-programs.txt", compiled)
    write(output / "left-out.json", json.dumps(plan.left_out, indent=2, sort_keys=True) + "\n")


def _ensure_nothing_foreign(name: str, cmake: Path, targets: planning.Targets) -> None:
    """Check the files as they were written."""
    written = read(name, cmake)
    everything = [target for members in targets.values() for target in members]
    named = foreign.libraries(written.targets, everything) + foreign.packages(written.config)
    if named:
        raise UnknownForm(
            f"libraries of this machine are in {cmake}, which is for others: {'; '.join(named)}"
        )


def _put_files(package: Package, plan: Plan, prefix: Prefix, place: Path, *, copy: bool) -> None:
    for target in planning.shipped(package.targets.values(), plan):
        for file in target.files:
            prefix.put(file, place, copy=copy)


def _additions(package: Package, plan: Plan, prefix: Prefix, place: Path) -> Additions:
    """What is shipped and the prefix has no targets of: object files, which are made here, and programs."""
    compiled = [name for name in rules.PROGRAMS[package.name] if name in plan.compiled]
    if package.name == "llvm" and compiled:
        raise UnknownForm(
            f"{prefix.path} has no {', '.join(compiled)} to ship; build it with LLVM_INSTALL_UTILS=ON"
        )
    objects = {}
    for name, target in planning.aggregate_objects(package.targets, plan).items():
        folder = f"lib/objects-{package.configuration}/{name}"
        names = prefix.extract(target.files[0], place / folder)
        objects[name] = [f"{folder}/{file}" for file in names]
    return Additions(objects, [name for name in compiled if name not in package.targets])
