"""The raw wheel, of a project that compiles in a moment."""

from __future__ import annotations

import dataclasses
import pickle
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import samples
from child import start, wait_until
from mlir_release import distributions, provenance
from mlir_release.distributions import Inputs, Made
from mlir_release.errors import ToolFailed
from mlir_release.lines import line_of
from mlir_release.run import run
from mlir_release.series import SERIES, abi_for, abis
from mlir_release.source import SourceTree
from mlir_release.store import Store, content_key

if TYPE_CHECKING:
    import subprocess

    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain

PROJECT = Path(__file__).parent / "projects" / "tiny-bindings"
COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
PARTS = [f"part{number}.cpp" for number in range(1, 5)]
# In the order of the alphabet; the last but one is compiled once for all wheels.
ALL = ["module.cpp", *PARTS, "shared.cpp", "test_extension.cpp"]
# CMake runs compilers through it: it writes down what is compiled, and may take for ever about it.
LAUNCHER = """\
#!/bin/sh
for word; do file=$word; done
echo "${{file##*/}}" >> {folder}/compiled
stuck=$(cat {folder}/stuck)
case "$stuck" in "") ;; *) case "$file" in *$stuck*) sleep 600;; esac;; esac
exec "$@"
"""
OBTAIN = """\
import pickle, sys
from pathlib import Path
from mlir_release import distributions
from mlir_release.store import Store
inputs, root = pickle.loads(Path(sys.argv[1]).read_bytes())
made = distributions.obtain(inputs, Store.open(root))
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
        return self.store.root / "work" / f"raw-{content_key(self.inputs.parts())}"

    def compiled(self) -> list[str]:
        """The files of the project that the compiler was asked to compile, in order."""
        log = self.folder / "compiled"
        names = log.read_text().split() if log.exists() else []
        return [name for name in names if name in ALL]

    def start(self, stuck: str = "") -> subprocess.Popen[str]:
        """A session of its own, which can be killed; it stands still at paths with ``stuck`` in them."""
        (self.folder / "inputs").write_bytes(pickle.dumps((self.inputs, self.store.root)))
        (self.folder / "stuck").write_text(stuck)
        return start(OBTAIN, self.folder / "inputs")

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
) -> Site:
    launcher = tmp_path / "launcher"
    launcher.write_text(LAUNCHER.format(folder=tmp_path))
    (tmp_path / "stuck").touch()
    launcher.chmod(0o755)
    prefix = tmp_path / "prefix"
    distribution = distributions.read(shutil.copytree(PROJECT, tmp_path / "packaging" / "project"))
    assert distribution
    inputs = Inputs(
        distribution=distribution,
        interpreter=interpreter,
        abi=abi_for(interpreter.tag, abis(SERIES, stable=False)),
        line=line_of("22.1.8"),
        tree=SourceTree(path=tmp_path, commit=COMMIT, version="22.1.8", origin="git", patches=(), key="tree"),
        sdk=samples.sdk(prefix),
        toolchain=dataclasses.replace(compiler, environment={"CMAKE_CXX_COMPILER_LAUNCHER": str(launcher)}),
        ref="llvmorg-22.1.8",
        tag="llvm-22.1.8.01",
        version="22.1.8",
    )
    return Site(tmp_path, inputs, Store.open(tmp_path / "store"))


def assert_good(made: Made, site: Site) -> None:
    """The wheel works, says where it came from, and the tests' extension is beside it."""
    with zipfile.ZipFile(made.wheel) as archive:
        assert archive.testzip() is None
        archive.extractall(site.folder / "unpacked")
    ask = "from mlir import _tiny; print(_tiny.sum())"
    assert site.inputs.interpreter
    answer = run([site.inputs.interpreter.path, "-c", ask], cwd=site.folder / "unpacked", quiet=True)
    assert answer.output == "10\n"
    facts = provenance.read(made.wheel)
    assert (facts["llvm_commit"], facts["tag"], facts["version"]) == (COMMIT, "llvm-22.1.8.01", "22.1.8")
    assert (site.folder / "unpacked" / "mlir" / "libtiny_shared.so").is_file()
    assert made.test_folder
    assert [path.suffix for path in (made.test_folder / "mlir").iterdir()] == [".so"]
    # Nothing but results is kept.
    assert sorted(path.name for path in made.wheel.parents[1].iterdir()) == [
        "dist",
        "manifest.json",
        "provenance.json",
        "test_extension",
    ]
    assert not list((site.store.root / "work").iterdir())


def test_made_once_and_then_reused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # Settings of this machine have no business in a wheel: none of these would even build.
    for name in ("CFLAGS", "CXXFLAGS", "LDFLAGS", "CCC_OVERRIDE_OPTIONS", "CMAKE_ARGS", "SKBUILD_CMAKE_ARGS"):
        monkeypatch.setenv(name, "--no-such-flag")
    for name in ("CMAKE_GENERATOR", "CMAKE_BUILD_TYPE", "CMAKE_TOOLCHAIN_FILE", "SKBUILD_WHEEL_PY_API"):
        monkeypatch.setenv(name, "nothing that there is")
    monkeypatch.setenv("PIP_TARGET", str(site.folder / "elsewhere"))
    made = distributions.obtain(site.inputs, site.store)
    assert not made.reused
    assert_good(made, site)
    assert sorted(site.compiled()) == ALL
    again = distributions.obtain(site.inputs, site.store)
    assert again == dataclasses.replace(made, reused=True)
    assert len(site.compiled()) == len(ALL)


def test_whatever_goes_in_makes_another_key(site: Site) -> None:
    inputs = site.inputs
    assert inputs.interpreter
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
    (inputs.distribution.folder / "module.cpp").write_text("// changed\n")
    keys.add(content_key(inputs.parts()))
    (inputs.distribution.folder / "module.cpp").rename(inputs.distribution.folder / "renamed.cpp")
    keys.add(content_key(inputs.parts()))
    common = inputs.distribution.folder.parent / "common"
    common.mkdir()
    (common / "release_version.py").write_text("# of all of them\n")
    keys.add(content_key(inputs.parts()))
    assert len(keys) == 10


def test_what_all_wheels_share_is_compiled_once(site: Site) -> None:
    made = distributions.obtain(site.inputs, site.store)
    other = dataclasses.replace(site.inputs, ref=None)
    assert distributions.obtain(other, site.store).wheel != made.wheel
    compiled = site.compiled()
    assert compiled.count("shared.cpp") == 1
    assert compiled.count("module.cpp") == 2


def test_the_wheel_of_a_platform_shows_no_interpreter(site: Site) -> None:
    folder = site.inputs.distribution.folder
    pyproject = (
        (folder / "pyproject.toml").read_text().replace('made-per = "interpreter"', 'made-per = "platform"')
    )
    (folder / "pyproject.toml").write_text(
        pyproject.replace("[tool.scikit-build]\n", '[tool.scikit-build]\nwheel.py-api = "py3"\n')
    )
    distribution = distributions.read(folder)
    assert distribution
    inputs = dataclasses.replace(site.inputs, distribution=distribution, interpreter=None, abi=None)
    words = str(inputs.parts())
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert running not in words.replace(str(site.inputs.toolchain.key), "")
    assert sys.executable not in words
    made = distributions.obtain(inputs, site.store)
    assert made.wheel.name.startswith("tiny_bindings-1.0-py3-none-")


def test_what_tools_leave_in_the_project_changes_nothing(site: Site) -> None:
    before = site.inputs.parts()
    (site.inputs.distribution.folder / "__pycache__").mkdir()
    (site.inputs.distribution.folder / "__pycache__" / "same_version.cpython-311.pyc").write_bytes(b"\0")
    (site.inputs.distribution.folder / ".mypy_cache").mkdir()
    (site.inputs.distribution.folder / ".mypy_cache" / "a.json").write_bytes(b"\0")
    assert site.inputs.parts() == before


def test_a_compile_that_fails_keeps_the_compilers_words(site: Site) -> None:
    module = site.inputs.distribution.folder / "module.cpp"
    module.write_text(module.read_text().replace("part1() +", "no_such_part() +"))
    with pytest.raises(ToolFailed) as caught:
        distributions.obtain(site.inputs, site.store)
    assert "no_such_part" in caught.value.log.read_text()
    assert "error" in "".join(caught.value.tail)
    assert not (site.store.root / "raw").exists()


# Where the build is killed: while its environment is made; in one of CMake's questions to the
# compiler, whose answers are kept; at a step of the compilation.
@pytest.mark.parametrize("stuck", ["environment", "CMakeCXXCompilerABI.cpp", "part3.cpp"])
def test_killed_then_made(site: Site, stuck: str) -> None:
    process = site.start(stuck)
    if stuck == "environment":
        wait_until((site.work / "environment" / "bin" / "python").exists)
    else:
        wait_until(lambda: any(stuck in word for line in site.leftovers() for word in line))
    process.kill()
    process.wait()
    (site.folder / "stuck").write_text("")
    before = site.compiled()
    if stuck != "environment":
        assert site.leftovers(), "its compiler goes on by itself"
    assert site.store.find("raw", content_key(site.inputs.parts())) is None

    made = distributions.obtain(site.inputs, site.store)
    assert_good(made, site)
    assert site.leftovers() == []
    if stuck in PARTS:
        # What was finished is not compiled again.
        again = site.compiled()[len(before) :]
        assert stuck in again
        assert len(again) < len(ALL)


def test_two_at_once_share_one_build(site: Site) -> None:
    both = [site.start(), site.start()]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(output.split()[-1] for output in outputs) == ["made", "reused"]
    (waiting,) = (output for output in outputs if output.split()[-1] == "reused")
    assert "waiting for another build that is making raw" in waiting
    assert sorted(site.compiled()) == ALL
