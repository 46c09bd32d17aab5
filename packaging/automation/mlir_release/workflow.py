"""What the sessions do, room after room: the path of a release on this machine."""

from __future__ import annotations

import dataclasses
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import (
    distributions,
    doctor,
    expectations,
    interpreters,
    lit,
    log,
    provenance,
    repair,
    versions,
    wheel_tests,
)
from mlir_release.distributions import MadePer
from mlir_release.errors import ReleaseError, UserError
from mlir_release.interpreters import Interpreter
from mlir_release.rooms import Rooms
from mlir_release.sdk import ProviderName
from mlir_release.store import size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.distributions import Distribution, Made


# Of wheels that serve any interpreter (PEP 425).
_PLATFORM_TAG = "py3"


class TestsFailed(ReleaseError):
    """Tests that were expected to pass did not, or the other way round."""

    def __init__(self, results: lit.Results) -> None:
        names = "".join(f"\n    {code}: {name}" for name, code in sorted(results.bad.items()))
        super().__init__(f"{len(results.bad)} tests went wrong; the whole log is {results.log}{names}")


@dataclass(frozen=True)
class Workflow(Rooms):
    """One run: a session is a method."""

    def build(self, version: str) -> None:
        """Build and repair the wheels of a Python version, into the wheelhouse."""
        # Everything that can be refused at once comes before what takes minutes.
        interpreter = interpreters.obtain(version, self.store)
        log.say(f"   interpreter: {interpreter.version} at {interpreter.path} ({interpreter.found_in})")
        self._ensure_possible()
        for distribution in self._made_per(MadePer.INTERPRETER):
            wheel = self._package(distribution, interpreter)
            log.summary(wheel.name, [("size", _megabytes(wheel)), *self._origin(), ("in", str(wheel.parent))])

    def package_sdk(self) -> None:
        """Obtain an SDK, by default compile it, and put the wheels of the platform into the wheelhouse.

        Raises:
            UserError: ``--sdk`` names one of these wheels; it lacks what the others are made from.
        """
        if self.choice.provider is ProviderName.WHEEL:
            raise UserError("nox -s sdk makes the SDK's wheels, not from one of them: leave out --sdk")
        if self.options.sdk is None:
            options = dataclasses.replace(self.options, sdk=ProviderName.BUILD)
            dataclasses.replace(self, options=options).package_sdk()
            return
        self._ensure_possible()
        wheels = [self._package(distribution, None) for distribution in self._made_per(MadePer.PLATFORM)]
        rows = [(wheel.name, f"{_megabytes(wheel)} in {wheel.parent}") for wheel in wheels]
        prefix = self.sdk.prefix
        log.summary("SDK", [*self._origin(), ("prefix", f"{_megabytes(prefix)} in {prefix}"), *rows])

    def test(self, version: str) -> None:
        """Test the wheels of a Python version that are in the wheelhouse.

        Raises:
            TestsFailed: of upstream's tests, some did not do as expected.
            ToolFailed: one of our own failed.
        """
        interpreter = interpreters.find(version)
        for distribution in self._made_per(MadePer.INTERPRETER):
            wheel = self._fresh(distribution, interpreter.tag, f"nox -s build-{version}")
            extension = self._raw(distribution, interpreter).test_folder
            # The environment and the results have one place per interpreter.
            with self.store.locked("test", interpreter.tag):
                subject = self._installed([distribution], [wheel], interpreter)
                output = self.store.root / "test-results" / interpreter.tag
                if extension:
                    self._test_upstream(subject, interpreter, extension, output)
                self._test_own(subject, distribution, output)

    def test_sdk(self) -> None:
        """Test the wheels of the platform that are in the wheelhouse, all in one environment.

        Raises:
            ToolFailed: a test failed.
        """
        with self.store.locked("test", _PLATFORM_TAG):
            subject = self._platform_installed()
            for distribution in self._made_per(MadePer.PLATFORM):
                self._test_own(subject, distribution, self.store.root / "test-results" / distribution.name)

    def run_lit(self) -> None:
        """Run all of mlir/test; raises ``TestsFailed``.

        With an SDK that was compiled, it is run with the programs of the platform's wheels, as they
        are in the wheelhouse; with another one, with that one's own.
        """
        output = self.store.root / "test-results" / "lit"
        with self.store.locked("test", _PLATFORM_TAG):
            tools = self.test_tools
            if self.sdk.provider is ProviderName.BUILD:
                tools = output / "programs"
                wheel_tests.link_programs(self._platform_installed(), tools)
            self._run_lit(tools, output)

    def _run_lit(self, tools: Path | None, output: Path) -> None:
        setting = lit.Setting(
            tree=self.tree,
            sdk=self.sdk,
            tools=tools,
            python=Path(sys.executable),
            library_dir=self.sdk.library_dir,
            toolchain=self.toolchain,
            bindings=False,
        )
        now = expectations.Circumstances(llvm=self.tree.version, python=None, sdk=self.sdk.provider.value)
        with log.stage(f"mlir/test with the programs of {'the wheels' if tools else 'the SDK'}"):
            site = lit.write_site(setting, output / "site")
            results = lit.run_tests(setting, [site], output=output, name="lit", expected=self._expected(now))
        self._conclude("mlir/test", results)

    def _platform_installed(self) -> wheel_tests.Subject:
        """The wheels of the platform, as they are in the wheelhouse, in a clean environment."""
        python = Interpreter(
            path=Path(sys.executable),
            version=platform.python_version(),
            tag=_PLATFORM_TAG,
            found_in="running",
        )
        packaged = list(self._made_per(MadePer.PLATFORM))
        wheels = [self._fresh(distribution, python.tag, "nox -s sdk") for distribution in packaged]
        return self._installed(packaged, wheels, python)

    def _ensure_possible(self) -> None:
        """The checks that take no time."""
        _ = self.pin, self.choice, self.release_version
        doctor.preflight(self.options)

    def _made_per(self, kind: MadePer) -> Iterator[Distribution]:
        return (it for it in self.distributions if it.made_per is kind)

    def _raw(self, distribution: Distribution, interpreter: Interpreter | None) -> Made:
        # In this order: what may be refused in seconds comes before the source is fetched.
        inputs = distributions.Inputs(
            distribution=distribution,
            interpreter=interpreter,
            sdk=self.sdk,
            toolchain=self.toolchain,
            tree=self.tree,
            ref=self.ref,
            tag=self._tag,
            version=self.release_version or versions.untagged(self.tree.version, self.tree.commit),
        )
        with log.stage(f"{inputs.title}, with {inputs.toolchain.name}"):
            made = distributions.obtain(inputs, self.store)
            log.say(f"   {'reused' if made.reused else 'made'} {made.wheel}")
        return made

    def _package(self, distribution: Distribution, interpreter: Interpreter | None) -> Path:
        """The repaired wheel, in the wheelhouse."""
        raw = self._raw(distribution, interpreter).wheel
        with log.stage(f"repair {raw.name}"):
            repaired = repair.repair(raw, library_dirs=[self.sdk.library_dir], store=self.store)
        if self.sdk.provider is ProviderName.BUILD:
            repair.ensure_small(repaired, distribution.max_megabytes)
        return repair.stow(repaired, self.options.wheelhouse)

    def _origin(self) -> list[tuple[str, str]]:
        """Rows of a summary: what it was made from."""
        provider = self.sdk.provider
        return [
            ("LLVM", f"{self.tree.version} at {self.tree.commit or 'no commit that is known'}"),
            ("SDK", f"{provider}{'' if provider is ProviderName.BUILD else ', for local use'}"),
        ]

    def _fresh(self, distribution: Distribution, tag: str, build: str) -> Path:
        """The wheel in the wheelhouse, which is of the source of today."""
        # What may be refused at once comes before the source is obtained.
        _ = self.release_version
        wheel = wheel_tests.find(self.options.wheelhouse, distribution.wheel_name, tag, build=build)
        again = f"{build} -- --tag {self._tag}" if self._tag else build
        provenance.ensure_fresh(wheel, self.tree, tag=self._tag, build=again)
        return wheel

    @property
    def _tag(self) -> str | None:
        return str(self.options.tag) if self.options.tag else None

    def _installed(
        self, packaged: list[Distribution], wheels: list[Path], interpreter: Interpreter
    ) -> wheel_tests.Subject:
        tests = [self._tests(distribution) for distribution in packaged]
        requirements = [folder / "requirements.txt" for folder in tests if folder]
        with log.stage(f"install {', '.join(wheel.name for wheel in wheels)}"):
            return wheel_tests.install(wheels, interpreter, requirements=requirements, store=self.store)

    def _tests(self, distribution: Distribution) -> Path | None:
        """The folder of this project's tests of a distribution, if it has some."""
        return self.root / "tests" / distribution.tests if distribution.tests else None

    def _test_own(self, subject: wheel_tests.Subject, distribution: Distribution, output: Path) -> None:
        tests = self._tests(distribution)
        if tests is None:
            log.say(f"   {distribution.name} has no tests of this project's")
            return
        with log.stage(f"this project's tests of {distribution.name}"):
            wheel_tests.run_own(subject, tests, output=output)

    def _test_upstream(
        self, subject: wheel_tests.Subject, interpreter: Interpreter, extension: Path, output: Path
    ) -> None:
        provider = provenance.read(subject.wheels[0])["sdk_provider"]
        now = expectations.Circumstances(llvm=self.tree.version, python=interpreter.version, sdk=provider)
        with log.stage(f"upstream's binding tests on {interpreter.tag}"):
            results = wheel_tests.run_upstream(
                subject,
                tree=self.tree,
                sdk=self.sdk,
                tools=self.test_tools,
                toolchain=self.toolchain,
                test_extension=extension,
                output=output,
                expected=self._expected(now),
            )
        self._conclude(f"mlir/test/python on {interpreter.tag}", results)

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


def _megabytes(path: Path) -> str:
    """The size of a file, or of all files in a folder."""
    return f"{size_of(path) / 1e6:.1f} MB"
