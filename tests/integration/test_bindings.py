"""The raw wheel, of a project that compiles in a moment."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import samples
from mlir_release import bindings, provenance
from mlir_release.bindings import Bindings, Inputs
from mlir_release.errors import ToolFailed
from mlir_release.run import run
from mlir_release.source import SourceTree
from mlir_release.store import Store, content_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain

AUTOMATION = Path(__file__).parents[2] / "packaging" / "automation"
PROJECT = Path(__file__).parent / "projects" / "tiny-bindings"
COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
PARTS = [f"part{number}.cpp" for number in range(1, 5)]
# CMake runs compilers through it: it writes down what is compiled, and may take for ever about it.
LAUNCHER = """\
#!/bin/sh
for word; do file=$word; done
echo "${file##*/}" >> "$COMPILED"
case "$STUCK" in "") ;; *) case "$file" in *$STUCK*) sleep 600;; esac;; esac
exec "$@"
"""
OBTAIN = """\
import pickle, sys
from pathlib import Path
from mlir_release import bindings
from mlir_release.store import Store
inputs, root = pickle.loads(Path(sys.argv[1]).read_bytes())
made = bindings.obtain(inputs, Store.open(root))
print("reused" if made.reused else "made")
"""


@dataclasses.dataclass(frozen=True)
class Site:
    """A project to build, a store, and a log of what was compiled."""

    folder: Path
    inputs: Inputs
    store: Store

    @property
    def work(self) -> Path:
        return self.store.root / "work" / f"bindings-{content_key(self.inputs.parts())}"

    def environment(self, stuck: str = "") -> dict[str, str]:
        """What makes CMake use the launcher."""
        return {
            "CMAKE_CXX_COMPILER_LAUNCHER": str(self.folder / "launcher"),
            "COMPILED": str(self.folder / "compiled"),
            "STUCK": stuck,
            # An unset one is the usual case: bytecode of the project is written beside it.
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def compiled(self) -> list[str]:
        """The files of the project that the compiler was asked to compile, in order."""
        log = self.folder / "compiled"
        names = log.read_text().split() if log.exists() else []
        return [name for name in names if name in {*PARTS, "module.cpp", "test_extension.cpp"}]

    def start(self, stuck: str = "") -> subprocess.Popen[str]:
        """A session of its own, which can be killed; it stands still at paths with ``stuck`` in them."""
        (self.folder / "inputs").write_bytes(pickle.dumps((self.inputs, self.store.root)))
        return subprocess.Popen(
            [sys.executable, "-c", OBTAIN, str(self.folder / "inputs")],
            env={**os.environ, "PYTHONPATH": str(AUTOMATION), **self.environment(stuck)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def leftovers(self) -> list[list[str]]:
        """The command lines of processes that have to do with the work on the wheel."""
        return [
            words
            for words in (it.info["cmdline"] or [] for it in psutil.process_iter(["cmdline"]))
            if any(str(self.folder / "launcher") in word or str(self.work) in word for word in words)
        ]


@pytest.fixture
def site(
    tmp_path: Path,
    compiler: Toolchain,
    interpreter: Interpreter,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    (tmp_path / "launcher").write_text(LAUNCHER)
    (tmp_path / "launcher").chmod(0o755)
    prefix = tmp_path / "prefix"
    inputs = Inputs(
        interpreter=interpreter,
        tree=SourceTree(path=tmp_path, commit=COMMIT, version="22.1.8", origin="git", patches=(), key="tree"),
        sdk=samples.sdk(prefix),
        toolchain=compiler,
        project=shutil.copytree(PROJECT, tmp_path / "project"),
        ref="llvmorg-22.1.8",
    )
    made = Site(tmp_path, inputs, Store.open(tmp_path / "store"))
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def assert_good(made: Bindings, site: Site) -> None:
    """The wheel works, says where it came from, and the tests' extension is beside it."""
    with zipfile.ZipFile(made.wheel) as archive:
        assert archive.testzip() is None
        archive.extractall(site.folder / "unpacked")
    ask = "from mlir import _tiny; print(_tiny.sum())"
    answer = run([site.inputs.interpreter.path, "-c", ask], cwd=site.folder / "unpacked", quiet=True)
    assert answer.output == "10\n"
    facts = provenance.read(made.wheel)
    assert (facts["llvm_commit"], facts["version"]) == (COMMIT, "22.1.8.dev0+gca7933e47")
    assert [path.suffix for path in (made.test_extension / "mlir").iterdir()] == [".so"]
    # Nothing but results is kept.
    assert sorted(path.name for path in made.wheel.parents[1].iterdir()) == [
        "dist",
        "manifest.json",
        "provenance.json",
        "test_extension",
    ]
    assert not list((site.store.root / "work").iterdir())


def test_made_once_and_then_reused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # Flags of this machine have no business in a wheel: these would not even compile.
    for name in ("CFLAGS", "CXXFLAGS", "LDFLAGS"):
        monkeypatch.setenv(name, "--no-such-flag")
    made = bindings.obtain(site.inputs, site.store)
    assert not made.reused
    assert_good(made, site)
    assert sorted(site.compiled()) == ["module.cpp", *PARTS, "test_extension.cpp"]
    again = bindings.obtain(site.inputs, site.store)
    assert again == dataclasses.replace(made, reused=True)
    assert len(site.compiled()) == len(PARTS) + 2


def test_whatever_goes_in_makes_another_key(site: Site) -> None:
    inputs = site.inputs
    keys = {content_key(inputs.parts())}
    for other in (
        dataclasses.replace(inputs, ref=None),
        dataclasses.replace(inputs, tree=dataclasses.replace(inputs.tree, key="x")),
        dataclasses.replace(inputs, tree=dataclasses.replace(inputs.tree, commit=None)),
        dataclasses.replace(inputs, sdk=dataclasses.replace(inputs.sdk, key="x")),
        dataclasses.replace(inputs, toolchain=dataclasses.replace(inputs.toolchain, key={"compiler": "x"})),
        dataclasses.replace(inputs, interpreter=dataclasses.replace(inputs.interpreter, version="3.9.0")),
    ):
        keys.add(content_key(other.parts()))
    (inputs.project / "module.cpp").write_text("// changed\n")
    keys.add(content_key(inputs.parts()))
    (inputs.project / "module.cpp").rename(inputs.project / "renamed.cpp")
    keys.add(content_key(inputs.parts()))
    assert len(keys) == 9


def test_bytecode_in_the_project_changes_nothing(site: Site) -> None:
    before = site.inputs.parts()
    (site.inputs.project / "__pycache__").mkdir()
    (site.inputs.project / "__pycache__" / "release_version.cpython-311.pyc").write_bytes(b"\0")
    assert site.inputs.parts() == before


def test_a_compile_that_fails_keeps_the_compilers_words(site: Site) -> None:
    module = site.inputs.project / "module.cpp"
    module.write_text(module.read_text().replace("part1() +", "no_such_part() +"))
    with pytest.raises(ToolFailed) as caught:
        bindings.obtain(site.inputs, site.store)
    assert "no_such_part" in caught.value.log.read_text()
    assert "error" in "".join(caught.value.tail)
    assert not (site.store.root / "bindings").exists()


# Where the build is killed: while its environment is made; in one of CMake's questions to the
# compiler, whose answers are kept; at a step of the compilation.
@pytest.mark.parametrize("stuck", ["environment", "CMakeCXXCompilerABI.cpp", "part3.cpp"])
def test_killed_then_made(site: Site, stuck: str) -> None:
    process = site.start(stuck)
    if stuck == "environment":
        wait_until((site.work / "environment" / "bin" / "python").exists)
    else:
        wait_until(lambda: any(stuck in word for line in site.leftovers() for word in line))
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = site.compiled()
    if stuck != "environment":
        assert site.leftovers(), "its compiler goes on by itself"
    assert site.store.find("bindings", content_key(site.inputs.parts())) is None

    made = bindings.obtain(site.inputs, site.store)
    assert_good(made, site)
    assert site.leftovers() == []
    if stuck in PARTS:
        # What was finished is not compiled again.
        again = site.compiled()[len(before) :]
        assert stuck in again
        assert len(again) < len(PARTS) + 2


def test_two_at_once_share_one_build(site: Site) -> None:
    both = [site.start(), site.start()]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(output.split()[-1] for output in outputs) == ["made", "reused"]
    (waiting,) = (output for output in outputs if output.split()[-1] == "reused")
    assert "waiting for another build that is making bindings" in waiting
    assert sorted(site.compiled()) == ["module.cpp", *PARTS, "test_extension.cpp"]
