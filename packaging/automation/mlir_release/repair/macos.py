"""Repair for macOS: delocate, and a look at its result with other eyes (macholib)."""

from __future__ import annotations

import importlib.metadata
import os
import posixpath
import re
import shutil
import sys
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from mlir_release import targets
from mlir_release.errors import MissingTool, ToolFailed
from mlir_release.repair import macho, wheel_files
from mlir_release.repair.wheel_files import BadWheel, CannotRepair
from mlir_release.run import environment, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlir_release.repair.macho import Image

# What delocate starts.
_PROGRAMS = ("otool", "install_name_tool", "lipo", "codesign")
_TAG = re.compile(r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<machine>\w+)")
_PROCESSORS = {"universal2": frozenset({"arm64", "x86_64"})}
# What every macOS has (delocate leaves these alone, too).
_SYSTEM = ("/usr/lib/", "/System/Library/")
# What delocate names a library that it has put in; and how a library may call itself besides.
_GRAFTED, _RELATIVE = "/DLC/", ("@rpath/", "@loader_path/")
_LOADER = "@loader_path"
# What is linked, and so is loaded and signed.
_LINKED = ("program", "library", "extension")
_FOREIGN = {b"\x7fELF": "Linux", b"MZ": "Windows"}


class Delocate:
    """Grafts what is missing with delocate."""

    def tool(self) -> str:
        """The version of delocate and the deployment target; raises ``MissingTool`` without its programs."""
        for program in _PROGRAMS:
            if not shutil.which(program, path=environment()["PATH"]):
                advice = "wheels for macOS are repaired on macOS, where `xcode-select --install` brings it"
                raise MissingTool(program, advice)
        return f"delocate {importlib.metadata.version('delocate')} for macOS {_dotted(targets.MACOS)}"

    def repair(self, wheel: Path, *, library_dirs: Sequence[Path], output: Path, log: Path) -> None:
        """Run ``delocate-wheel``; raises ``CannotRepair`` if it cannot."""
        search = os.pathsep.join(str(folder.resolve()) for folder in library_dirs)
        processors = ",".join(sorted(_processors(wheel)))
        command: list[str | Path] = [sys.executable, "-m", "delocate.cmd.delocate_wheel", "-vv"]
        command += ["--require-archs", processors, "--wheel-dir", output, wheel.resolve()]
        # With the figure delocate refuses what needs a newer system, and tags all wheels alike.
        env = {"DYLD_LIBRARY_PATH": search, "MACOSX_DEPLOYMENT_TARGET": _dotted(targets.MACOS)}
        try:
            # In that folder, so that the store finds and ends it when this session is killed meanwhile.
            run(command, cwd=output, env=env, log=log)
        except ToolFailed as failure:
            raise CannotRepair("delocate", wheel, failure) from None

    def check(self, wheel: Path) -> None:
        """Check libraries, versions, signatures and tag; raises ``BadWheel`` with all that is wrong."""
        with wheel_files.unpacked(wheel) as root:
            foreign = list(_foreign(root))
            try:
                images = list(_images(root))
            except macho.NotMachO as error:
                raise BadWheel(wheel, [f"it is damaged ({error})"]) from None
        problems = [
            *wheel_files.record_problems(wheel),
            *_wrong_tags(wheel),
            *foreign,
            *_wrong_processors(images, _processors(wheel)),
            *_doubled(images),
            *(problem for image in images for problem in _wrong(image)),
            *_missing(images),
        ]
        if problems:
            # One of several processors has most of them once for each.
            raise BadWheel(wheel, list(dict.fromkeys(problems)))


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _platforms(wheel: Path) -> list[str]:
    *_, tags = parse_wheel_filename(wheel.name)
    return sorted({tag.platform for tag in tags})


def _processors(wheel: Path) -> frozenset[str]:
    """The processors that a wheel is for, as its tags say."""
    found = [match["machine"] for match in map(_TAG.fullmatch, _platforms(wheel)) if match]
    return frozenset[str]().union(*(_PROCESSORS.get(it, frozenset({it})) for it in found))


def _wrong_tags(wheel: Path) -> Iterator[str]:
    for platform in _platforms(wheel):
        found = _TAG.fullmatch(platform)
        if not found:
            yield f"its platform tag is {platform}, not one of macOS"
        elif (int(found["major"]), int(found["minor"])) != targets.MACOS:
            yield f"its platform tag is {platform}, and the deployment target is {_dotted(targets.MACOS)}"


def _images(root: Path) -> Iterator[Image]:
    for path in wheel_files.files(root):
        if macho.is_macho(path):
            yield from macho.read(path, PurePosixPath(path.relative_to(root).as_posix()))


def _foreign(root: Path) -> Iterator[str]:
    """Programs and libraries of other systems."""
    for path in wheel_files.files(root):
        with path.open("rb") as stream:
            begin = stream.read(4)
        for magic, system in _FOREIGN.items():
            if begin.startswith(magic):
                yield f"{path.relative_to(root).as_posix()} is for {system}"


def _wrong_processors(images: Sequence[Image], wanted: frozenset[str]) -> Iterator[str]:
    """Files that lack a processor; and a wheel without any file for macOS, which is not one of a system."""
    found: dict[PurePosixPath, set[str]] = defaultdict(set)
    for image in images:
        found[image.path].add(image.processor)
    if not found:
        yield "it has no file for macOS"
    for path, processors in found.items():
        if not wanted <= processors:
            theirs, ours = ", ".join(sorted(processors)), ", ".join(sorted(wanted))
            yield f"{path} is for {theirs}, and the wheel for {ours}"


def _doubled(images: Sequence[Image]) -> Iterator[str]:
    """A library that is there under two names or in two folders."""
    linked = [it for it in images if it.kind in _LINKED[1:]]
    names = Counter(name for name, _ in {(_stem(it), it.path) for it in linked})
    doubled = [name for name, count in names.items() if count > 1]
    yield from (f"{name} is in it {names[name]} times" for name in doubled)
    same: Mapping[tuple[str, bytes], list[Image]] = defaultdict(list)
    for it in linked:
        if it.uuid and _stem(it) not in doubled:
            same[it.processor, it.uuid].append(it)
    # Rewriting keeps the linker's number.
    for copies in same.values():
        if copies[1:]:
            yield f"{' and '.join(str(it.path) for it in copies)} are the same library"


def _stem(image: Image) -> str:
    return image.path.name.partition(".")[0]


def _wrong(image: Image) -> Iterator[str]:
    """What is wrong with one file by itself."""
    if image.minimum is None:
        yield f"{image.path} does not say which macOS it needs"
    elif image.minimum > targets.MACOS:
        newer, target = _dotted(image.minimum), _dotted(targets.MACOS)
        yield f"{image.path} needs macOS {newer}, and the deployment target is {target}"
    if image.kind not in _LINKED:
        return
    if image.signature:
        yield f"{image.path} {image.signature}"
    elif image.signature is not None and image.processor == "arm64":
        yield f"{image.path} has no signature, which arm64 wants"
    for path in image.run_paths:
        if _inside(image, path, _LOADER) is None:
            yield f"{image.path} has the run path {path}, outside the wheel"
    if image.identity and not image.identity.startswith((_GRAFTED, *_RELATIVE)) and "/" in image.identity:
        yield f"{image.path} calls itself {image.identity}, a path of another machine"


def _inside(image: Image, path: str, base: str) -> PurePosixPath | None:
    """The path in the wheel that one relative to a file's folder is; None for one outside."""
    if path != base and not path.startswith(f"{base}/"):
        return None
    scheme, here = wheel_files.place(image.path)
    found = posixpath.normpath(here.parent / path[len(base) :].lstrip("/"))
    if found == ".." or found.startswith("../"):
        return None
    return PurePosixPath(scheme, found)


def _missing(images: Sequence[Image]) -> Iterator[str]:
    carried = {(PurePosixPath(*map(str, wheel_files.place(it.path))), it.processor) for it in images}
    for image in images:
        for name in image.needed:
            places = set(_places(image, name))
            if not name.startswith(_SYSTEM) and not any((it, image.processor) in carried for it in places):
                yield f"{image.path} needs {name}, which the wheel does not carry there"


def _places(image: Image, name: str) -> Iterable[PurePosixPath]:
    """Where in a wheel a library may be."""
    if name.startswith("@rpath/"):
        names = [f"{path}/{name.removeprefix('@rpath/')}" for path in image.run_paths]
    else:
        names = [name]
    return (place for it in names if (place := _inside(image, it, _LOADER)))
