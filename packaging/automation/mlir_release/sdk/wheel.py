"""The provider ``wheel``: an SDK that was packaged before, as a file or from a package index.

The wheel of the SDK, and wheels that it needs in exactly its own version, are
unpacked into one folder of the store. Nothing of them is run before it was
seen that they are whole, for this machine, and of exactly the pinned source.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mlir_release import inventory, log, provenance
from mlir_release.sdk import prefix, wheel_file
from mlir_release.sdk.model import CannotServe, ProviderName, Sdk
from mlir_release.store import ensure_room, file_sha256

if TYPE_CHECKING:
    from packaging.version import Version

    from mlir_release.sdk.download import Index
    from mlir_release.sdk.wheel_file import WheelFile
    from mlir_release.source.patches import Patch
    from mlir_release.store import Box, Store

# The distributions that hold an SDK, and the programs that upstream's tests run.
SDK, TOOLS = "mlir-sdk", "mlir-tools"
_KIND = "sdk-wheel"
_PACKAGES = "packages"
# Below a package.
_CONFIG, _LLVM_CONFIG = "lib/cmake/mlir/MLIRConfig.cmake", "lib/cmake/llvm/LLVMConfig.cmake"
# Static libraries pack to a fifth; in bytes per byte of a wheel.
_UNPACKED = 8
_ADVICE = "name a wheel of this pin, take --sdk system, or compile one: nox -s sdk"
_GET_ANOTHER = "get it again, or name another one"
# What a build runs of an SDK.
_GENERATORS = ("mlir-tblgen",)
_TEST_PROGRAM = "mlir-opt"


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """An SDK in a wheel, which must be of the source with this commit and these patches.

    ``choice`` is the file, or the version to take from ``index``.
    """

    choice: Path | Version
    index: Index
    commit: str | None
    patches: tuple[Patch, ...]
    name: ProviderName = ProviderName.WHEEL

    def find(self, *, version: str, store: Store) -> Sdk | None:
        """None: whether one fits is known when it is looked at."""

    def obtain(self, *, version: str, store: Store) -> Sdk:
        """The SDK in the wheel.

        Raises:
            CannotServe: it is not there, damaged, for another machine, or of another source.
            Changed: what was unpacked of it was changed since.
            ToolFailed: pip cannot bring it.
        """
        file = self._brought(SDK, store)
        made_by = self._checked(file, version)
        others = self._companions(file, store)
        for other in others:
            self._checked(other, version)
        box = self._unpacked([file, *others], store)
        found = _prefix(box, file)
        return Sdk(
            provider=self.name,
            made_by=made_by,
            prefix=found.path,
            version=found.version,
            library_dir=found.library_dir,
            tools_dir=found.tools_dir,
            key=box.path.name,
            description=f"{file.path.name}, unpacked in {found.path}",
        )

    def tools(self, *, version: str, store: Store) -> Path:
        """The folder of the programs that upstream's tests run: those of the tools' wheel.

        Raises:
            CannotServe: as ``obtain``, about that wheel.
        """
        wheel = self._sibling(self._brought(SDK, store), TOOLS, store)
        self._checked(wheel, version)
        folder = self._unpacked([wheel], store).path / _PACKAGES / "bin"
        if not shutil.which(_TEST_PROGRAM, path=str(folder)):
            raise CannotServe(f"{wheel.path} has no {_TEST_PROGRAM}", _ADVICE)
        return folder

    def _brought(self, name: str, store: Store) -> WheelFile:
        """The wheel that was asked for."""
        if not isinstance(self.choice, Path):
            return _read(self.index.download(name, str(self.choice), store))
        file = _read(self.choice)
        if file.name != name:
            raise CannotServe(f"{self.choice} is a wheel of {file.name}, not of {name}", _ADVICE)
        return file

    def _checked(self, file: WheelFile, version: str) -> ProviderName:
        """See that a wheel is of the pinned source; who made the SDK in it."""
        facts = provenance.read(file.path, advice=_GET_ANOTHER)
        if facts.get("llvm_version") != version:
            raise CannotServe(
                f"{file.path.name} is of LLVM {facts.get('llvm_version')}, and {version} is needed", _ADVICE
            )
        if facts["llvm_commit"] is None:
            raise CannotServe(f"{file.path.name} does not say which llvm-project commit it is of", _ADVICE)
        different = provenance.difference(facts, self.commit, self.patches)
        if different:
            raise CannotServe(f"{file.path.name} is not of the pinned source: its {different}", _ADVICE)
        try:
            return ProviderName(facts["sdk_provider"])
        except ValueError:
            raise CannotServe(f"{file.path.name} does not say how its SDK was made", _ADVICE) from None

    def _companions(self, file: WheelFile, store: Store) -> list[WheelFile]:
        """The wheels without which this one is not whole: those that it needs in exactly its version."""
        exactly = f"=={file.version}"
        names = [it.name for it in file.requirements() if str(it.specifier) == exactly]
        return [self._sibling(file, canonicalize_name(name), store) for name in names]

    def _sibling(self, file: WheelFile, name: str, store: Store) -> WheelFile:
        """The wheel of another distribution, of the same version and from the same place."""
        if not isinstance(self.choice, Path):
            return _read(self.index.download(name, str(file.version), store))
        refusal = CannotServe(
            f"{file.path.name} needs {name} {file.version}, which is not beside it",
            "put that wheel there, too",
        )
        for path in sorted(file.path.parent.glob("*.whl")):
            if _is(path, name, file.version):
                try:
                    return _read(path)
                except CannotServe as reason:
                    refusal = reason
        raise refusal

    def _unpacked(self, files: list[WheelFile], store: Store) -> Box:
        """The folder of the store with the content of these wheels."""

        def make(work: Path) -> None:
            size = sum(file.path.stat().st_size for file in files)
            ensure_room(work, size * _UNPACKED, "unpacking the SDK")
            for file in files:
                log.say(f"   unpacking {file.path.name}")
                try:
                    file.unpack(work / _PACKAGES)
                except wheel_file.BadWheelFile as error:
                    raise CannotServe(str(error), _GET_ANOTHER) from None
            _join(work / _PACKAGES)

        parts = {"wheels": [file_sha256(file.path) for file in files]}
        return inventory.obtain(store, _KIND, parts, make)


def _read(path: Path) -> WheelFile:
    try:
        return wheel_file.read(path)
    except wheel_file.BadWheelFile as error:
        raise CannotServe(str(error), _ADVICE) from None


def _is(path: Path, name: str, version: Version) -> bool:
    try:
        found, its_version, *_ = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return False
    return (found, its_version) == (name, version)


def _prefix(box: Box, file: WheelFile) -> prefix.Prefix:
    """The MLIR among the unpacked files."""
    for config in (box.path / _PACKAGES).glob(f"*/{_CONFIG}"):
        try:
            found = prefix.read(config.parent)
            prefix.check_contents(found, tools=_GENERATORS)
        except prefix.BadPrefix as error:
            raise CannotServe(f"{file.path.name} is not an SDK: {error}", _ADVICE) from None
        return found
    raise CannotServe(f"{file.path.name} is not an SDK: it has no {_CONFIG}", _ADVICE)


def _join(packages: Path) -> None:
    """Make one prefix of the packages that hold an SDK's parts: their folders (lib, include, …) into MLIR's.

    Libraries that a repair has put beside the packages stay as far away as they were.
    """
    mains = [config.parents[3] for config in packages.glob(f"*/{_CONFIG}")]
    others = [config.parents[3] for config in packages.glob(f"*/{_LLVM_CONFIG}")]
    for main, other in [(main, other) for main in mains for other in others if other != main]:
        for part in [path for path in other.iterdir() if path.is_dir()]:
            shutil.copytree(part, main / part.name, copy_function=shutil.move, dirs_exist_ok=True)
