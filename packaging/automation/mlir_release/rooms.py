"""What one run works with: pin, source, toolchain, SDK. Each is obtained when it is first needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlir_release import distributions, lines, log, pin, sdk, source, toolchain
from mlir_release.errors import UserError
from mlir_release.sdk.build import Build
from mlir_release.sdk.download import Index
from mlir_release.sdk.recipe import Recipe
from mlir_release.sdk.system import System
from mlir_release.sdk.wheel import Wheel
from mlir_release.series import abi_for, abis, supported
from mlir_release.source.patches import load_all, select
from mlir_release.store import Store
from mlir_release.train import released

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.interpreters import Interpreter
    from mlir_release.options import Options
    from mlir_release.sdk import Choice, Provider, Sdk
    from mlir_release.series import Abi
    from mlir_release.source.patches import Patch


@dataclass(frozen=True)
class Rooms:
    """The project's folder, the options of the run, and what follows from them."""

    root: Path
    options: Options

    @cached_property
    def store(self) -> Store:
        """The local store."""
        return Store.open(self.options.cache)

    @cached_property
    def pin(self) -> pin.Pin:
        """The pinned commit."""
        return pin.read(self.root / pin.FILE_NAME)

    @cached_property
    def ref(self) -> str | None:
        """The upstream name of the commit that is built, if it has one."""
        return None if self.options.llvm_project else self.pin.ref

    @cached_property
    def release_version(self) -> str | None:
        """The version of the release that ``--tag`` names; None for an untagged build.

        Raises:
            UserError: this is not a checkout of that release.
        """
        tag = self.options.tag
        if tag and self.options.llvm_project:
            raise UserError(f"{tag} is of the commit that it pins: leave --llvm-project out")
        return released.checked_out(self.root, tag, self.pin) if tag else None

    @cached_property
    def distributions(self) -> tuple[distributions.Distribution, ...]:
        """What is packaged."""
        return distributions.read_all(self.root / "packaging")

    @cached_property
    def tree(self) -> source.SourceTree:
        """The patched source."""
        with log.stage("source"):
            tree = source.obtain(
                self.pin,
                patches=self.root / "patches",
                store=self.store,
                checkout=self.options.llvm_project,
            )
            log.say(
                f"   source: {tree.origin}, LLVM {tree.version}, {len(tree.patches)} patches, {tree.path}"
            )
        return tree

    @cached_property
    def version(self) -> str:
        """The LLVM version that is built."""
        # A checkout is built as what it is, whatever the pin says.
        pinned = None if self.options.llvm_project else self.pin.version
        return pinned or self.tree.version

    @cached_property
    def line(self) -> lines.Line:
        """The line that is built, which the tree agrees with.

        Raises:
            UserError: it does not, or contradicts the pin.
        """
        line = lines.line_of(self.version)
        lines.ensure_agrees(line, self.tree.path)
        lowest = lines.lowest_python(self.tree.path)
        if not self.options.llvm_project and self.pin.python not in (None, lowest):
            raise UserError(
                f"{pin.FILE_NAME} says python {self.pin.python}, and {self.tree.path} is for"
                f" {lowest} and newer; mend the pin"
            )
        return line

    def ensure_served(self, interpreter: Interpreter) -> None:
        """See that a wheel is for an interpreter, as far as the pin says it before there is a tree.

        Raises:
            UserError: none is.
        """
        if not self.options.llvm_project:
            abi_for(interpreter.tag, abis(supported(self.pin.python), stable=False))

    def abi(self, interpreter: Interpreter) -> Abi:
        """What wheel serves an interpreter.

        Raises:
            UserError: none of this line does.
        """
        served = supported(lines.lowest_python(self.tree.path))
        return abi_for(interpreter.tag, abis(served, stable=self.line.abi3 and not self.options.per_version))

    @cached_property
    def toolchain(self) -> toolchain.Toolchain:
        """The compiler and linker."""
        return toolchain.obtain(
            llvm_major=int(self.version.partition(".")[0]),
            store=self.store,
            cc=self.options.cc or os.environ.get("CC"),
            cxx=self.options.cxx or os.environ.get("CXX"),
            sysroot=self.options.sysroot,
        )

    @cached_property
    def choice(self) -> Choice:
        """What ``--sdk`` says, with the options that belong to it.

        Raises:
            UserError: they contradict each other.
        """
        choice = sdk.read_choice(self.options.sdk or sdk.AUTO)
        if self.options.index and not choice.is_version:
            raise UserError("--index says where to take an SDK from: name its version with --sdk")
        if self._builds_specially and choice.provider not in (None, sdk.ProviderName.BUILD):
            raise UserError("--targets and --assertions are about an SDK that is compiled: say --sdk build")
        return choice

    @cached_property
    def sdk(self) -> Sdk:
        """The LLVM and MLIR to build against."""
        choice = self.choice
        with log.stage("SDK"):
            found = sdk.obtain(
                self._providers, chosen=choice.provider, version=self.version, store=self.store
            )
        if self.options.sysroot:
            toolchain.ensure_links(self.toolchain, found.library_dir)
        return found

    @cached_property
    def test_tools(self) -> Path | None:
        """The programs that upstream's tests run, if they are not in the SDK: those of a wheel are apart."""
        for provider in self._providers:
            if isinstance(provider, Wheel):
                return provider.tools(version=self.version, store=self.store)
        return None

    @property
    def _builds_specially(self) -> bool:
        return self.options.targets != Recipe().llvm_targets or self.options.assertions

    @cached_property
    def _providers(self) -> tuple[Provider, ...]:
        """Those that the choice leaves, in the order in which they are asked."""
        build = Build(
            tree=lambda: self.tree,
            toolchain=lambda: self.toolchain,
            recipe=Recipe(llvm_targets=self.options.targets, assertions=self.options.assertions),
            compiler_launcher=self.options.launcher,
        )
        if self._builds_specially:
            return (build,)
        if self.choice.wheel is None:
            return (build, System(prefix=self.choice.prefix))
        commit, patches = self._pinned_source
        index = Index(url=self.options.index)
        return (Wheel(choice=self.choice.wheel, index=index, commit=commit, patches=patches),)

    @property
    def _pinned_source(self) -> tuple[str | None, tuple[Patch, ...]]:
        """The commit and the patches on it, without the source wherever the pin says enough."""
        if self.options.llvm_project or self.pin.version is None:
            return self.tree.commit, self.tree.patches
        return self.pin.commit, select(load_all(self.root / "patches"), self.pin.version)
