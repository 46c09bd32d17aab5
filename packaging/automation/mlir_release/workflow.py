"""What the sessions do, room after room: the path of a release on this machine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import (
    bindings,
    doctor,
    expectations,
    interpreters,
    lit,
    log,
    pin,
    provenance,
    repair,
    sdk,
    source,
    toolchain,
    wheel_tests,
)
from mlir_release.errors import ReleaseError
from mlir_release.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.interpreters import Interpreter
    from mlir_release.options import Options


class TestsFailed(ReleaseError):
    """Tests that were expected to pass did not, or the other way round."""

    def __init__(self, results: lit.Results) -> None:
        names = "".join(f"\n    {code}: {name}" for name, code in sorted(results.bad.items()))
        super().__init__(f"{len(results.bad)} tests went wrong; the whole log is {results.log}{names}")


@dataclass(frozen=True)
class Workflow:
    """One run: the project's folder and the options. What the rooms give is obtained when first needed."""

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
    def sdk(self) -> sdk.Sdk:
        """The LLVM and MLIR to build against."""
        # A checkout is built as what it is, whatever the pin says.
        pinned = None if self.options.llvm_project else self.pin.version
        version = pinned or self.tree.version
        with log.stage("SDK"):
            return sdk.obtain(self.options.sdk, version=version, store=self.store)

    @cached_property
    def toolchain(self) -> toolchain.Toolchain:
        """The compiler and linker."""
        return toolchain.obtain(
            llvm_major=int(self.sdk.version.partition(".")[0]),
            store=self.store,
            cc=os.environ.get("CC"),
            cxx=os.environ.get("CXX"),
        )

    def _bindings(self, interpreter: Interpreter) -> bindings.Bindings:
        # In this order: what may be refused in seconds comes before the source is fetched.
        inputs = bindings.Inputs(
            interpreter=interpreter,
            sdk=self.sdk,
            toolchain=self.toolchain,
            tree=self.tree,
            project=self.root / "packaging" / "mlir-python-bindings",
            ref=None if self.options.llvm_project else self.pin.ref,
        )
        with log.stage(f"bindings for {interpreter.tag}, with {inputs.toolchain.name}"):
            made = bindings.obtain(inputs, self.store)
            log.say(f"   {'reused' if made.reused else 'made'} {made.wheel}")
        return made

    def build(self, version: str) -> Path:
        """Build and repair the wheel of a Python version; return it in the wheelhouse."""
        # Everything that can be refused at once comes before what takes minutes.
        interpreter = interpreters.obtain(version, self.store)
        log.say(f"   interpreter: {interpreter.version} at {interpreter.path} ({interpreter.found_in})")
        _ = self.pin
        doctor.preflight(self.options)
        raw = self._bindings(interpreter).wheel
        with log.stage(f"repair for {interpreter.tag}"):
            repaired = repair.repair(raw, library_dirs=[self.sdk.library_dir], store=self.store)
        wheel = repair.stow(repaired, self.options.wheelhouse)
        log.summary(
            wheel.name,
            [
                ("size", f"{wheel.stat().st_size / 1e6:.1f} MB"),
                ("LLVM", f"{self.tree.version} at {self.tree.commit or 'no commit that is known'}"),
                ("SDK", f"{self.sdk.provider}{'' if self.sdk.provider == 'build' else ', for local use'}"),
                ("in", str(wheel.parent)),
            ],
        )
        return wheel

    def test(self, version: str) -> None:
        """Test the wheel of a Python version that is in the wheelhouse.

        Raises:
            TestsFailed: of upstream's tests, some did not do as expected.
            ToolFailed: one of our own failed.
        """
        interpreter = interpreters.find(version)
        wheel = wheel_tests.find(self.options.wheelhouse, interpreter)
        facts = provenance.read(wheel)
        provenance.ensure_fresh(wheel, self.tree, build=f"nox -s build-{version}")
        extension = self._bindings(interpreter).test_extension
        now = expectations.Circumstances(
            llvm=self.tree.version, python=interpreter.version, sdk=facts["sdk_provider"]
        )
        # The environment and the results have one place per interpreter.
        with self.store.locked("test", interpreter.tag):
            self._test_installed(wheel, interpreter, extension, self._expected(now))

    def _test_installed(
        self, wheel: Path, interpreter: Interpreter, extension: Path, expected: Mapping[str, str]
    ) -> None:
        tests = self.root / "tests" / "wheels"
        output = self.store.root / "test-results" / interpreter.tag
        with log.stage(f"install {wheel.name}"):
            subject = wheel_tests.install(
                wheel, interpreter, requirements=tests / "requirements.txt", store=self.store
            )
        with log.stage(f"upstream's binding tests on {interpreter.tag}"):
            results = wheel_tests.run_upstream(
                subject,
                tree=self.tree,
                sdk=self.sdk,
                toolchain=self.toolchain,
                test_extension=extension,
                output=output,
                expected=expected,
            )
        self._conclude(f"mlir/test/python on {interpreter.tag}", results)
        with log.stage(f"this project's tests on {interpreter.tag}"):
            wheel_tests.run_own(subject, tests, output=output)

    def run_lit(self) -> None:
        """Run all of mlir/test against the SDK's tools; raises ``TestsFailed``."""
        setting = lit.Setting(
            tree=self.tree,
            sdk=self.sdk,
            python=Path(sys.executable),
            library_dir=self.sdk.library_dir,
            toolchain=self.toolchain,
            bindings=False,
        )
        output = self.store.root / "test-results" / "lit"
        now = expectations.Circumstances(llvm=self.tree.version, python=None, sdk=self.sdk.provider.value)
        with log.stage("mlir/test with the SDK's tools"):
            site = lit.write_site(setting, output / "site")
            results = lit.run_tests(setting, [site], output=output, name="lit", expected=self._expected(now))
        self._conclude("mlir/test", results)

    def _expected(self, now: expectations.Circumstances) -> dict[str, str]:
        return expectations.expected(self.root / "tests" / "expected-failures.toml", now)

    def _conclude(self, title: str, results: lit.Results) -> None:
        log.summary(
            title,
            [
                ("tests", str(len(results.codes))),
                ("unexpected results", str(len(results.bad))),
                ("failed as expected", str(sum(code == "XFAIL" for code in results.codes.values()))),
                ("unsupported here", str(results.unsupported)),
                ("JUnit file", str(results.junit)),
            ],
        )
        for test, reason in sorted(results.expected.items()):
            log.say(f"   expected to fail: {test} ({reason})")
        if results.bad:
            raise TestsFailed(results)
        log.say(results.closing_line())
