"""Repair, of small wheels with real extensions."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release import environments
from mlir_release.errors import ToolFailed
from mlir_release.repair import repair, stow
from mlir_release.repair.linux import Auditwheel, BadWheel
from mlir_release.run import run
from mlir_release.store import MANIFEST, Store, file_sha256

if TYPE_CHECKING:
    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")

AUTOMATION = Path(__file__).parents[2] / "packaging" / "automation"
FOREIGN = "int foreign(void) { return 42; }\n"
EXTENSION = """\
#include <Python.h>
int foreign(void);
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(foreign()); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "42"}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_tiny", 0, -1, methods};
PyMODINIT_FUNC PyInit__tiny(void) { return PyModule_Create(&module); }
"""
INFO = "tiny-1.0.dist-info"
GRAFT = re.compile(r"tiny\.libs/libforeign-[0-9a-f]{8}\.so")


@dataclass(frozen=True)
class Workshop:
    """A compiler and an interpreter; ``foreign`` is a folder with a library that no system has."""

    cc: Path
    interpreter: Interpreter
    include: str
    suffix: str
    foreign: Path

    def link(self, output: Path, source: str, *options: str | Path) -> Path:
        """Compile and link a shared object."""
        output.parent.mkdir(parents=True, exist_ok=True)
        text = output.with_name(f"{output.name}.c")
        text.write_text(source)
        run([self.cc, "-shared", "-fPIC", f"-I{self.include}", text, "-o", output, *options], quiet=True)
        text.unlink()
        return output

    def extension(self, folder: Path, *options: str | Path) -> Path:
        """The extension, linked to the foreign library."""
        options = (f"-L{self.foreign}", "-lforeign", *options)
        return self.link(folder / f"_tiny{self.suffix}", EXTENSION, *options)

    def wheel(self, folder: Path, files: dict[str, Path], platform: str = "linux_x86_64") -> Path:
        """A wheel with ``tiny/__init__.py`` and these files."""
        tag = f"{self.interpreter.tag}-{self.interpreter.tag}-{platform}"
        folder.mkdir(exist_ok=True)
        path = folder / f"tiny-1.0-{tag}.whl"
        content = {name: file.read_bytes() for name, file in files.items()}
        content["tiny/__init__.py"] = b"from tiny._tiny import answer\n"
        content[f"{INFO}/METADATA"] = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        lines = ("Wheel-Version: 1.0", "Generator: test", "Root-Is-Purelib: false", f"Tag: {tag}", "")
        content[f"{INFO}/WHEEL"] = "\n".join(lines).encode()
        content[f"{INFO}/RECORD"] = record(content).encode()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path

    def raw(self, folder: Path, *options: str | Path) -> Path:
        """A wheel as a build makes it."""
        extension = self.extension(folder / "build", *options)
        return self.wheel(folder / "raw", {f"tiny/{extension.name}": extension})

    def answers(self, wheel: Path, folder: Path) -> None:
        """Check that a wheel works in a clean environment."""
        environment = environments.create(self.interpreter, folder, log=folder.with_suffix(".log"))
        environment.install(["--no-index", "--no-deps", wheel], log=folder.with_suffix(".log"))
        said = run([environment.python, "-I", "-c", "import tiny; print(tiny.answer())"], quiet=True)
        assert said.output == "42\n"


def record(content: dict[str, bytes]) -> str:
    """The RECORD of a wheel with this content."""
    lines = []
    for name, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return "".join(lines) + f"{INFO}/RECORD,,\n"


@pytest.fixture(scope="module")
def _workshop(
    compiler: Toolchain, interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory
) -> Workshop:
    asked = "s.get_path('include'), s.get_config_var('EXT_SUFFIX')"
    question = f"import json, sysconfig as s; print(json.dumps([{asked}]))"
    include, suffix = json.loads(run([interpreter.path, "-c", question], quiet=True).output)
    foreign = tmp_path_factory.mktemp("foreign")
    made = Workshop(compiler.cc, interpreter, include, suffix, foreign)
    made.link(foreign / "libforeign.so", FOREIGN, "-Wl,-soname,libforeign.so")
    return made


@pytest.fixture
def workshop(_workshop: Workshop, tmp_path: Path) -> Workshop:
    """A workshop whose foreign library may be taken away."""
    foreign = shutil.copytree(_workshop.foreign, tmp_path / "foreign")
    return Workshop(_workshop.cc, _workshop.interpreter, _workshop.include, _workshop.suffix, foreign)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def grafts(wheel: Path) -> list[str]:
    return [name for name in names(wheel) if GRAFT.fullmatch(name)]


def assert_nothing_kept(store: Store) -> None:
    """No box is there that is not a finished one."""
    for box in (store.root / "repaired").glob("*"):
        assert (box / MANIFEST).is_file()


class TestGood:
    def test_grafted_tagged_and_it_works_without_the_foreign_library(
        self, workshop: Workshop, store: Store, tmp_path: Path
    ) -> None:
        # A run path of this machine must go; pyenv's LDFLAGS put one in.
        raw = workshop.raw(tmp_path, f"-Wl,-rpath,{workshop.foreign}")
        before = file_sha256(raw)
        repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
        assert file_sha256(raw) == before
        assert len(grafts(repaired)) == 1
        tag = workshop.interpreter.tag
        # The extension needs nothing of a newer system, so that even the oldest tag may come out.
        assert re.fullmatch(rf"tiny-1\.0-{tag}-{tag}-manylinux[\w.]+_x86_64\.whl", repaired.name)
        shutil.rmtree(workshop.foreign)
        workshop.answers(repaired, tmp_path / "environment")
        Auditwheel().check(repaired)

    def test_the_same_wheel_is_repaired_once(self, workshop: Workshop, store: Store, tmp_path: Path) -> None:
        raw = workshop.raw(tmp_path)
        first = repair(raw, library_dirs=[workshop.foreign], store=store)
        shutil.rmtree(workshop.foreign)
        assert repair(raw, library_dirs=[workshop.foreign], store=store) == first

    def test_a_relative_path_is_meant_from_here(
        self, workshop: Workshop, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = workshop.raw(tmp_path)
        monkeypatch.chdir(tmp_path)
        repaired = repair(raw.relative_to(tmp_path), library_dirs=[Path("foreign")], store=store)
        assert len(grafts(repaired)) == 1


def test_a_library_that_is_nowhere_fails_with_a_log(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    raw = workshop.raw(tmp_path)
    with pytest.raises(ToolFailed) as caught:
        repair(raw, library_dirs=[tmp_path], store=store)
    assert "libforeign.so" in caught.value.log.read_text()
    assert_nothing_kept(store)


@pytest.mark.parametrize("content", [b"", b"not a zip\n", None])
def test_a_raw_wheel_that_is_none_fails_with_a_log(
    workshop: Workshop, store: Store, tmp_path: Path, content: bytes | None
) -> None:
    raw = workshop.raw(tmp_path)
    raw.write_bytes(raw.read_bytes()[:-100] if content is None else content)
    with pytest.raises(ToolFailed) as caught:
        repair(raw, library_dirs=[workshop.foreign], store=store)
    assert caught.value.log.read_text()
    assert_nothing_kept(store)


@pytest.fixture(scope="module")
def repaired(_workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good wheel, unpacked, as what the others are made from."""
    folder = tmp_path_factory.mktemp("repaired")
    raw = _workshop.raw(folder)
    good = repair(raw, library_dirs=[_workshop.foreign], store=Store.open(folder / "store"))
    with zipfile.ZipFile(good) as archive:
        archive.extractall(folder / "content")
    return good.replace(folder / good.name)


class TestCheck:
    """What is wrong with a repaired wheel is seen, whatever the tool that repaired it says."""

    @pytest.fixture
    def content(self, repaired: Path, tmp_path: Path) -> Path:
        return shutil.copytree(repaired.parent / "content", tmp_path / "content")

    def problems(self, wheel: Path) -> str:
        """The one line of a bad wheel, as far as it is about what is wrong."""
        with pytest.raises(BadWheel) as caught:
            Auditwheel().check(wheel)
        line = str(caught.value)
        assert len(line.splitlines()) == 1
        assert line.startswith(f"{wheel} was repaired but is not right: ")
        assert line.endswith("; nothing was put into the wheelhouse")
        return "; ".join(caught.value.problems)

    def packed(self, content: Path, name: str) -> Path:
        path = content.parent / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(content.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(content))
        return path

    def extension(self, content: Path) -> Path:
        (found,) = (content / "tiny").glob("_tiny*.so")
        return found

    def patchelf(self, *words: str | Path) -> None:
        run(["patchelf", *words], quiet=True)

    def test_the_good_one_is_good_when_packed_again(self, content: Path, repaired: Path) -> None:
        Auditwheel().check(self.packed(content, repaired.name))

    @pytest.mark.parametrize(
        "outside", ["/nowhere/lib", "$ORIGIN/../../elsewhere", "$ORIGINAL/lib", "", "lib"]
    )
    def test_a_run_path_that_leads_outside(self, content: Path, repaired: Path, outside: str) -> None:
        extension = self.extension(content)
        self.patchelf("--set-rpath", f"$ORIGIN/../tiny.libs:{outside}", extension)
        problems = self.problems(self.packed(content, repaired.name))
        assert problems == f"tiny/{extension.name} has the run path {outside}, outside the wheel"

    def test_an_old_style_run_path_too(self, content: Path, repaired: Path) -> None:
        extension = self.extension(content)
        self.patchelf("--force-rpath", "--set-rpath", "$ORIGIN/../tiny.libs:/nowhere/lib", extension)
        assert "run path /nowhere/lib" in self.problems(self.packed(content, repaired.name))

    def test_a_library_that_is_needed_and_not_there(self, content: Path, repaired: Path) -> None:
        extension = self.extension(content)
        self.patchelf("--add-needed", "libabsent.so.1", extension)
        problems = self.problems(self.packed(content, repaired.name))
        assert problems == (
            f"tiny/{extension.name} needs libabsent.so.1, which the wheel does not carry on its run path"
        )

    def test_a_graft_that_was_lost(self, content: Path, repaired: Path) -> None:
        (graft,) = (content / "tiny.libs").iterdir()
        graft.unlink()
        assert f"needs {graft.name}, which" in self.problems(self.packed(content, repaired.name))

    def test_a_graft_that_no_run_path_leads_to(self, content: Path, repaired: Path) -> None:
        (graft,) = (content / "tiny.libs").iterdir()
        self.patchelf("--remove-rpath", self.extension(content))
        assert f"needs {graft.name}, which" in self.problems(self.packed(content, repaired.name))

    def test_a_library_twice(self, content: Path, repaired: Path) -> None:
        (graft,) = (content / "tiny.libs").iterdir()
        shutil.copy(graft, content / "tiny" / "libforeign.so.1")
        assert self.problems(self.packed(content, repaired.name)) == "libforeign is in it 2 times"

    def test_a_tag_for_this_machine_alone(self, content: Path) -> None:
        problems = self.problems(self.packed(content, "tiny-1.0-cp311-cp311-linux_x86_64.whl"))
        # Without a policy no library is the system's, so those are named as well.
        assert problems.startswith("its platform tag is linux_x86_64, not one of manylinux")

    def test_several_problems_are_all_said(self, content: Path, repaired: Path) -> None:
        extension = self.extension(content)
        self.patchelf("--add-needed", "libabsent.so.1", extension)
        self.patchelf("--set-rpath", "$ORIGIN/../tiny.libs:/nowhere", extension)
        problems = self.problems(self.packed(content, repaired.name))
        assert "run path /nowhere" in problems
        assert "libabsent.so.1" in problems

    @pytest.mark.parametrize("keep", [0, 0.5, 0.99])
    def test_a_wheel_that_was_cut_off(self, repaired: Path, tmp_path: Path, keep: float) -> None:
        whole = repaired.read_bytes()
        (tmp_path / repaired.name).write_bytes(whole[: int(len(whole) * keep)])
        assert self.problems(tmp_path / repaired.name).startswith("it is damaged (")

    def test_a_library_that_was_cut_off(self, content: Path, repaired: Path) -> None:
        (graft,) = (content / "tiny.libs").iterdir()
        graft.write_bytes(graft.read_bytes()[:1000])
        problems = self.problems(self.packed(content, repaired.name))
        assert problems.startswith(f"it is damaged (tiny.libs/{graft.name}: ")


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """A session of its own, which can be killed."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys\nfrom pathlib import Path\n{code}", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(AUTOMATION)},
        stdout=subprocess.PIPE,
        text=True,
    )


REPAIR = """\
from mlir_release.repair import repair
from mlir_release.store import Store
print(repair(Path(sys.argv[1]), library_dirs=[Path(sys.argv[2])], store=Store.open(Path(sys.argv[3]))))
"""
STOW = """\
from mlir_release.repair import stow
print("ready", flush=True)
stow(Path(sys.argv[1]), Path(sys.argv[2]))
"""


class TestKilled:
    # Seconds after the beginning: auditwheel starts, looks at libraries, patches, packs.
    @pytest.mark.parametrize("moment", [0.0, 0.5, 1.0])
    def test_while_repairing(self, workshop: Workshop, store: Store, tmp_path: Path, moment: float) -> None:
        # Large enough for the packing to take a while.
        ballast = tmp_path / "ballast"
        ballast.write_bytes(os.urandom(20_000_000))
        extension = workshop.extension(tmp_path)
        raw = workshop.wheel(tmp_path / "raw", {f"tiny/{extension.name}": extension, "tiny/ballast": ballast})
        process = start(REPAIR, raw, workshop.foreign, store.root)
        deadline = time.monotonic() + 60
        while not (store.root / "work").is_dir() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert_nothing_kept(store)
        # At once, so that the tool of the killed session is still at it.
        repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
        Auditwheel().check(repaired)
        assert len(grafts(repaired)) == 1
        time.sleep(1)
        assert [path.name for path in repaired.parent.glob("*.whl")] == [repaired.name]
        assert len(list((store.root / "repaired").iterdir())) == 1
        assert not list((store.root / "work").iterdir())

    @pytest.mark.parametrize("moment", [0.0, 0.01, 0.03, 0.1])
    def test_while_it_is_put_into_the_wheelhouse(self, tmp_path: Path, moment: float) -> None:
        # As large as a real one, so that the copying takes its time.
        name = "tiny-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
        (tmp_path / name).write_bytes(os.urandom(1_000_000) * 150)
        wheelhouse = tmp_path / "wheelhouse"
        wheelhouse.mkdir()
        older = wheelhouse / "tiny-0.9-cp311-cp311-manylinux_2_17_x86_64.whl"
        older.write_text("older")
        process = start(STOW, tmp_path / name, wheelhouse)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        digest = file_sha256(tmp_path / name)
        # Either the older wheel is still there, or the whole new one.
        visible = list(wheelhouse.glob("*.whl"))
        assert visible
        assert all(path == older or file_sha256(path) == digest for path in visible)
        stow(tmp_path / name, wheelhouse)
        assert [path.name for path in wheelhouse.iterdir()] == [name]
        assert file_sha256(wheelhouse / name) == digest


def test_two_sessions_repair_one_wheel_once(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    raw = workshop.raw(tmp_path)
    both = [start(REPAIR, raw, workshop.foreign, store.root) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len({output.splitlines()[-1] for output in outputs}) == 1
    assert sum("auditwheel --verbose repair" in output for output in outputs) == 1


def test_sessions_put_one_wheel_into_the_wheelhouse_at_once(tmp_path: Path) -> None:
    wheel = tmp_path / "tiny-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
    wheel.write_bytes(os.urandom(1_000_000) * 150)
    stowing = [start(STOW, wheel, tmp_path / "wheelhouse") for _ in range(4)]
    for process in stowing:
        process.communicate(timeout=120)
    assert [process.returncode for process in stowing] == [0, 0, 0, 0]
    assert [path.name for path in (tmp_path / "wheelhouse").iterdir()] == [wheel.name]
    assert file_sha256(tmp_path / "wheelhouse" / wheel.name) == file_sha256(wheel)
