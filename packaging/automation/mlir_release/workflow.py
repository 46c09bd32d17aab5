"""What the sessions do, room after room: the path of a release on this machine."""

from __future__ import annotations

import platform
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import (
    expectations,
    interpreters,
    lit,
    lit_site,
    log,
    provenance,
    wheel_tests,
)
from mlir_release.building import Building
from mlir_release.distributions import MadePer
from mlir_release.errors import ReleaseError, UserError
from mlir_release.interpreters import Interpreter
from mlir_release.publishing import record
from mlir_release.sdk import ProviderName
from mlir_release.wheel_tests import Variant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.distributions import Distribution
    from mlir_release.publishing.record import Record


# Of wheels that serve any interpreter (PEP 425).
_PLATFORM_TAG = "py3"


class TestsFailed(ReleaseError):
    """Tests that were expected to pass did not, or the other way round."""

    def __init__(self, results: lit.Results) -> None:
        names = "".join(f"\n    {code}: {name}" for name, code in sorted(results.bad.items()))
        super().__init__(f"{len(results.bad)} tests went wrong; the whole log is {results.log}{names}")


@dataclass(frozen=True)
class Workflow(Building):
    """One run: a session is a method."""

    def test(self, version: str) -> None:
        """Test the wheels of a Python version that are in the wheelhouse.

        Raises:
            TestsFailed: of upstream's tests, some did not do as expected.
            ToolFailed: one of our own failed.
        """
        interpreter = interpreters.find(version)
        for distribution in self._made_per(MadePer.INTERPRETER):
            beside = self._tests_beside(distribution) if self.options.beside else None
            wheel = self._fresh(distribution, self.abi(interpreter).name, f"nox -s build-{version}")
            if beside:
                self._test_beside(distribution, interpreter, wheel, beside)
            else:
                extension = self._raw(distribution, interpreter).test_folder
                self._test(distribution, interpreter, wheel, extension)

    def _test(
        self, distribution: Distribution, interpreter: Interpreter, wheel: Path, extension: Path | None
    ) -> None:
        # The environment and the results have one place per interpreter.
        with self.store.locked("test", interpreter.tag), record.trial([wheel]) as records:
            subject = self._installed([distribution], [wheel], interpreter)
            output = self.store.root / "test-results" / interpreter.tag
            if extension:
                records.extend(self._test_upstream(subject, interpreter, extension, output))
            records.extend(self._test_own(subject, distribution, interpreter, output))
            if distribution.tests:
                variant = Variant.LOWEST
                lowest = self._installed([distribution], [wheel], interpreter, variant)
                records.extend(self._test_own(lowest, distribution, interpreter, output / variant, variant))

    def _test_beside(
        self, distribution: Distribution, interpreter: Interpreter, wheel: Path, tests: Path
    ) -> None:
        """Test a wheel beside the newest of other packages: its own tests, and those with the others at work.

        There is no record of it: what others release must not stop ours.
        """
        variant = Variant.BESIDE
        output = self.store.root / "test-results" / interpreter.tag / variant
        with self.store.locked("test", interpreter.tag):
            subject = self._installed([distribution], [wheel], interpreter, variant, tests)
            self._test_own(subject, distribution, interpreter, output, variant)
            with log.stage(f"tests of {distribution.name} and what is beside it"):
                wheel_tests.run_own(subject, tests, source=self.tree.path, output=output / tests.name)

    def test_sdk(self) -> None:
        """Test the wheels of the platform that are in the wheelhouse, all in one environment.

        Raises:
            ToolFailed: a test failed.
        """
        with self.store.locked("test", _PLATFORM_TAG), self._platform_on_trial() as (subject, records):
            for distribution in self._made_per(MadePer.PLATFORM):
                output = self.store.root / "test-results" / distribution.name
                records.extend(self._test_own(subject, distribution, None, output))

    def run_lit(self) -> None:
        """Run all of mlir/test; raises ``TestsFailed``.

        With an SDK that was compiled, it is run with the programs of the platform's wheels, as they
        are in the wheelhouse; with another one, with that one's own.
        """
        output = self.store.root / "test-results" / "lit"
        with self.store.locked("test", _PLATFORM_TAG):
            if self.sdk.provider is not ProviderName.BUILD:
                self._run_lit(self.test_tools, output)
                return
            with self._platform_on_trial() as (subject, records):
                wheel_tests.link_programs(subject, output / "programs")
                records.extend(self._run_lit(output / "programs", output))

    def _run_lit(self, tools: Path | None, output: Path) -> list[Record]:
        setting = lit_site.Setting(
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
            site = lit_site.write_site(setting, output / "site")
            results = lit.run_tests(setting, [site], output=output, name="lit", expected=self._expected(now))
        self._conclude("mlir/test", results)
        return [record.of_lit(results, record.LIT)]

    @contextmanager
    def _platform_on_trial(self) -> Iterator[tuple[wheel_tests.Subject, list[Record]]]:
        """The wheels of the platform, as they are in the wheelhouse, in a clean environment.

        The list takes what they pass there.
        """
        python = Interpreter(
            path=Path(sys.executable),
            version=platform.python_version(),
            tag=_PLATFORM_TAG,
            found_in="running",
        )
        packaged = list(self._made_per(MadePer.PLATFORM))
        wheels = [self._fresh(distribution, python.tag, "nox -s sdk") for distribution in packaged]
        with record.trial(wheels) as records:
            yield self._installed(packaged, wheels, python), records

    def _fresh(self, distribution: Distribution, tag: str, build: str) -> Path:
        """The wheel in the wheelhouse, which is of the source of today."""
        # What may be refused at once comes before the source is obtained.
        _ = self.release_version
        wheel = wheel_tests.find(self.options.wheelhouse, distribution.wheel_name, tag, build=build)
        again = f"{build} -- --tag {self._tag}" if self._tag else build
        provenance.ensure_fresh(wheel, self.tree, tag=self._tag, build=again)
        return wheel

    def _installed(
        self,
        packaged: list[Distribution],
        wheels: list[Path],
        interpreter: Interpreter,
        variant: Variant = Variant.NEWEST,
        *besides: Path,
    ) -> wheel_tests.Subject:
        tests = [*map(self._tests, packaged), *besides]
        requirements = [wheel_tests.requirements_of(folder, interpreter) for folder in tests if folder]
        with log.stage(f"install {', '.join(wheel.name for wheel in wheels)}, {variant.text}"):
            return wheel_tests.install(
                wheels, interpreter, requirements=requirements, store=self.store, variant=variant
            )

    def _tests(self, distribution: Distribution) -> Path | None:
        """The folder of this project's tests of a distribution, if it has some."""
        return self.root / "tests" / distribution.tests if distribution.tests else None

    def _tests_beside(self, distribution: Distribution) -> Path:
        """The folder of the tests of a distribution beside others; raises ``UserError`` if there is none."""
        tests = self._tests(distribution)
        beside = tests.with_name(f"{tests.name}-{Variant.BESIDE}") if tests else None
        if beside is None or not beside.is_dir():
            raise UserError(f"there are no tests of {distribution.name} beside others; leave --beside out")
        return beside

    def _test_own(
        self,
        subject: wheel_tests.Subject,
        distribution: Distribution,
        interpreter: Interpreter | None,
        output: Path,
        variant: Variant = Variant.NEWEST,
    ) -> list[Record]:
        tests = self._tests(distribution)
        if tests is None:
            log.say(f"   {distribution.name} has no tests of this project's")
            return []
        with log.stage(f"this project's tests of {distribution.name}, {variant.text}"):
            junit = wheel_tests.run_own(subject, tests, source=self.tree.path, output=output)
        name = record.lowest(tests.name) if variant is Variant.LOWEST else tests.name
        found = record.of_pytest(junit, self._suite(name, interpreter), output / wheel_tests.FINDINGS)
        for text in found.findings:
            log.say(f"   known to be wrong: {text}")
        return [found]

    def _suite(self, name: str, interpreter: Interpreter | None) -> str:
        return record.suite(name, self.abi(interpreter), interpreter.tag) if interpreter else name

    def _test_upstream(
        self, subject: wheel_tests.Subject, interpreter: Interpreter, extension: Path, output: Path
    ) -> list[Record]:
        provider = provenance.read(subject.wheels[0])["sdk_provider"]
        now = expectations.Circumstances(
            llvm=self.tree.version,
            python=interpreter.version,
            free_threaded=interpreter.tag.endswith("t"),
            sdk=provider,
        )
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
        return [record.of_lit(results, self._suite(record.UPSTREAM, interpreter))]

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
