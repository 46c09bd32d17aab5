"""The tests of installed wheels: upstream's own, and this project's.

The environment holds the wheels' requirements and then exactly the files that
are tested. Upstream's tests that need its test extension run on a copy of the
installed package with that laid over it; all others on the package itself.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from email.parser import HeaderParser
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from mlir_release import environments, lit, lit_site, log
from mlir_release.errors import UserError
from mlir_release.portable_files import link
from mlir_release.repair import of_kind
from mlir_release.run import run
from mlir_release.sdk.wheel_file import newest_platform
from mlir_release.store import remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlir_release.environments import Environment
    from mlir_release.interpreters import Interpreter
    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.store import Store
    from mlir_release.toolchain import Toolchain

# The tests of linalg's opdsl are left out by lit where PyYAML is missing.
_EXTRAS = ("", "opdsl")
# What our own tests report and do not fail for, a line each, beside the JUnit file of their run.
FINDINGS = "findings.txt"
# How upstream's tests call the extension that is built for them alone.
_TEST_EXTENSION = re.compile(r"\bpython_test\b|_mlirPythonTest")


class Variant(StrEnum):
    """What is installed with wheels that are tested, besides them; in the name of the environment."""

    NEWEST = ""
    LOWEST = "lowest"
    BESIDE = "beside"

    @property
    def text(self) -> str:
        """What a stage says of it."""
        if self is Variant.BESIDE:
            return "beside the newest of what users have"
        return f"with the {self or 'newest'} versions of what is required"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Wheels that are installed in an environment of their own; ``packages`` is where."""

    wheels: tuple[Path, ...]
    environment: Environment
    packages: Path


def find(wheelhouse: Path, distribution: str, tag: str, *, build: str, platform: str | None = None) -> Path:
    """The wheel of a distribution for an interpreter.

    Args:
        wheelhouse: where to look.
        distribution: as wheels spell it (``mlir_python_bindings``).
        tag: for which interpreters (``cp39``, ``cp313t``, ``cp312-abi3``), ``py3`` for any.
        build: the command that makes it, for the message.
        platform: a platform tag of the system that it is for; None for this machine's.

    Raises:
        UserError: there is none, or more than one.
    """
    found = of_kind(distribution, tag, platform or newest_platform(), wheelhouse)
    if len(found) != 1:
        count = f"{len(found)} wheels" if found else "no wheel"
        raise UserError(f"{wheelhouse} has {count} of {distribution} for {tag}; run {build}")
    return found[0]


def install(
    wheels: Sequence[Path],
    interpreter: Interpreter,
    *,
    requirements: Sequence[Path],
    store: Store,
    variant: Variant = Variant.NEWEST,
) -> Subject:
    """Make a clean environment, and install the requirements and then the wheel files alone.

    What the wheels require is there in the newest versions that have files for the interpreter.

    Args:
        wheels: the files.
        interpreter: whose environment it is.
        requirements: what the tests themselves need, as requirements files.
        store: where the environment and the log are.
        variant: ``LOWEST`` takes the lowest versions that the wheels' metadata allow instead.
    """
    name = f"{interpreter.tag}-{variant}" if variant else interpreter.tag
    tool_log = store.log_file(f"install-{name}")
    environment = environments.create(interpreter, store.root / "work" / f"test-{name}", log=tool_log)
    required = _required(wheels, interpreter)
    besides = [
        *(f"--requirement={file}" for file in requirements),
        *(lowest_of(required) if variant is Variant.LOWEST else required),
    ]
    if besides:
        environment.install(["--only-binary", ":all:", *besides], log=tool_log)
    environment.install(["--no-index", "--no-deps", *wheels], log=tool_log)
    run([environment.python, "-m", "pip", "check"], log=tool_log, isolated=True)
    ask = "import json, sysconfig; print(json.dumps(sysconfig.get_path('platlib')))"
    answer = run([environment.python, "-c", ask], quiet=True, isolated=True)
    return Subject(wheels=tuple(wheels), environment=environment, packages=Path(json.loads(answer.output)))


def requirements_of(tests: Path, interpreter: Interpreter) -> Path:
    """The file of what tests need: one for the interpreter (``requirements-cp313t.txt``), or that for all.

    Markers cannot tell whether an interpreter is free-threaded.
    """
    own = tests / f"requirements-{interpreter.tag}.txt"
    return own if own.is_file() else tests / "requirements.txt"


def _required(wheels: Sequence[Path], interpreter: Interpreter) -> list[str]:
    """What the wheels need, less each other: that must never come from elsewhere."""
    themselves = {parse_wheel_filename(wheel.name)[0] for wheel in wheels}
    needed = [text for wheel in wheels for text in required_by(wheel, interpreter)]
    return [text for text in needed if canonicalize_name(Requirement(text).name) not in themselves]


def required_by(wheel: Path, interpreter: Interpreter) -> list[str]:
    """The requirements in a wheel's metadata that apply to an interpreter, those of its extras included."""
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    asked = [
        {
            "extra": extra,
            "python_version": interpreter.minor_version,
            "python_full_version": interpreter.version,
        }
        for extra in _EXTRAS
    ]
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    return [
        f"{needed.name}{needed.specifier}"
        for needed in requirements
        if needed.marker is None or any(needed.marker.evaluate(dict(one)) for one in asked)
    ]


def lowest_of(requirements: Iterable[str]) -> list[str]:
    """Each distribution that is required, in the lowest version that its requirements together allow.

    One that has no lowest version stays as it is.
    """
    merged: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, requirements):
        merged[requirement.name] = merged.get(requirement.name, SpecifierSet()) & requirement.specifier
    return [f"{name}{_lowest(specifiers)}" for name, specifiers in merged.items()]


def _lowest(specifiers: SpecifierSet) -> str:
    bounds = [Version(it.version) for it in specifiers if it.operator == ">="]
    return f"=={max(bounds)}" if bounds else str(specifiers)


def link_programs(subject: Subject, folder: Path) -> None:
    """Fill a folder, which is replaced, with links to the programs that the wheels have put on PATH.

    Other things in the environment (its interpreter, pip) are not what is to be tested.
    """
    remove(folder)
    folder.mkdir(parents=True)
    for wheel in subject.wheels:
        with ZipFile(wheel) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
        # PEP 427: what goes to where programs are is in NAME-VERSION.data/scripts.
        for name in names:
            if name.parent.name == "scripts" and name.parts[0].endswith(".data"):
                link(folder / name.name, subject.environment.python.parent / name.name)


def run_upstream(
    subject: Subject,
    *,
    tree: SourceTree,
    sdk: Sdk,
    tools: Path | None,
    toolchain: Toolchain,
    test_extension: Path,
    output: Path,
    expected: Mapping[str, str],
) -> lit.Results:
    """Run all of ``mlir/test/python`` with lit and FileCheck.

    Args:
        subject: the installed wheel.
        tree: the source that the tests come from.
        sdk: where FileCheck and the other test tools come from.
        tools: a folder of tools that are taken in place of the SDK's, if there is one.
        toolchain: for tests that compile something.
        test_extension: what is laid over the package for the tests that need it.
        output: folder for logs, the JUnit file and what the tests write.
        expected: the tests that are expected to fail, and why.
    """
    setting = lit_site.Setting(
        tree=tree,
        sdk=sdk,
        tools=tools,
        python=subject.environment.python,
        library_dir=subject.packages / "mlir" / "_mlir_libs",
        toolchain=toolchain,
        bindings=True,
        stable_abi=any("-abi3-" in wheel.name for wheel in subject.wheels),
    )
    tests = tree.path / "mlir" / "test"
    special = _needing_extension(tests / "python")
    plain = lit_site.write_site(
        setting, output / "plain", exclude=[path.relative_to(tests).as_posix() for path in special]
    )
    extended = lit_site.write_site(setting, output / "extended")
    # Upstream's configuration puts this folder on PYTHONPATH (mlir/test/lit.cfg.py).
    _lay_over(subject, test_extension, extended.parent / "python_packages" / "mlir_test")
    paths = [plain / "python", *(extended / path.relative_to(tests) for path in special)]
    return lit.run_tests(setting, paths, output=output, name="upstream", expected=expected)


def _needing_extension(folder: Path) -> list[Path]:
    """The tests that use the test extension."""
    tests = sorted(folder.rglob("*.py"))
    return [path for path in tests if _TEST_EXTENSION.search(path.read_text(encoding="utf-8"))]


def _lay_over(subject: Subject, test_extension: Path, folder: Path) -> None:
    """A copy of the installed package and its grafted libraries, with the test extension over it."""
    grafted = (f"{wheel.name.partition('-')[0]}.libs" for wheel in subject.wheels)
    for name in ("mlir", *grafted):
        if (subject.packages / name).is_dir():
            shutil.copytree(subject.packages / name, folder / name)
    shutil.copytree(test_extension / "mlir", folder / "mlir", dirs_exist_ok=True)


def run_own(subject: Subject, tests: Path, *, source: Path, output: Path) -> Path:
    """Run tests of this project's with pytest in the environment; the JUnit file that it writes.

    Args:
        subject: the installed wheels.
        tests: the folder of the tests.
        source: the llvm-project tree, whose tests have text for some of ours.
        output: folder for the log, the JUnit file and what the tests write.

    Raises:
        ToolFailed: a test failed.
    """
    output.mkdir(parents=True, exist_ok=True)
    junit, findings = output / "own.xml", output / FINDINGS
    findings.unlink(missing_ok=True)
    run(
        [subject.environment.python, "-m", "pytest", "-c", tests / "pytest.ini", "--rootdir", tests,
         "-p", "no:cacheprovider", "--junitxml", junit, tests],
        cwd=output,
        env={"MLIR_TEST_SOURCE": str(source), "MLIR_TEST_FINDINGS": str(findings)},
        log=output / "own.log",
        on_line=lambda line: log.say(line.rstrip()),
        isolated=True,
    )  # fmt: skip
    return junit
