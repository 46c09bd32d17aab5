"""What is wrong with a repaired wheel is seen, whatever the tool that repaired it says."""

from __future__ import annotations

import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from mlir_release.repair import repair
from mlir_release.repair.linux import Auditwheel
from mlir_release.repair.wheel_files import BadWheel
from mlir_release.run import run
from mlir_release.store import Store
from wheels import record

if TYPE_CHECKING:
    from pathlib import Path

    from workshop import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")


@pytest.fixture(scope="module")
def repaired(furnished: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good wheel, unpacked, as what the others are made from."""
    folder = tmp_path_factory.mktemp("repaired")
    raw = furnished.raw(folder)
    good = repair(raw, library_dirs=[furnished.foreign], store=Store.open(folder / "store"))
    with zipfile.ZipFile(good) as archive:
        archive.extractall(folder / "content")
    return good.replace(folder / good.name)


@pytest.fixture
def content(repaired: Path, tmp_path: Path) -> Path:
    return shutil.copytree(repaired.parent / "content", tmp_path / "content")


@pytest.fixture
def extension(content: Path) -> Path:
    (found,) = (content / "tiny").glob("_tiny*.so")
    return found


@pytest.fixture
def graft(content: Path) -> Path:
    (found,) = (content / "tiny.libs").iterdir()
    return found


def problems_of(wheel: Path) -> str:
    """The one line of a bad wheel, as far as it is about what is wrong."""
    with pytest.raises(BadWheel) as caught:
        Auditwheel().check(wheel)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{wheel} was repaired but is not right: ")
    assert line.endswith("; nothing was put into the wheelhouse")
    return "; ".join(caught.value.problems)


def packed(content: Path, name: str) -> Path:
    """The content as a wheel, with a RECORD that is right."""
    path, info = content.parent / name, "tiny-1.0.dist-info"
    files = sorted(it for it in content.rglob("*") if it.is_file() and it != content / info / "RECORD")
    data = {it.relative_to(content).as_posix(): it.read_bytes() for it in files}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content_of in data.items():
            archive.writestr(file, content_of)
        archive.writestr(f"{info}/RECORD", record(data, info))
    return path


def patchelf(*words: str | Path) -> None:
    run(["patchelf", *words], quiet=True)


def test_the_good_one_is_good_when_packed_again(content: Path, repaired: Path) -> None:
    Auditwheel().check(packed(content, repaired.name))


@pytest.mark.parametrize("outside", ["/nowhere/lib", "$ORIGIN/../../elsewhere", "$ORIGINAL/lib", "", "lib"])
def test_a_run_path_that_leads_outside(content: Path, extension: Path, repaired: Path, outside: str) -> None:
    patchelf("--set-rpath", f"$ORIGIN/../tiny.libs:{outside}", extension)
    problems = problems_of(packed(content, repaired.name))
    assert problems == f"tiny/{extension.name} has the run path {outside}, outside the wheel"


def test_an_old_style_run_path_too(content: Path, extension: Path, repaired: Path) -> None:
    patchelf("--force-rpath", "--set-rpath", "$ORIGIN/../tiny.libs:/nowhere/lib", extension)
    assert "run path /nowhere/lib" in problems_of(packed(content, repaired.name))


def test_a_library_that_is_needed_and_not_there(content: Path, extension: Path, repaired: Path) -> None:
    patchelf("--add-needed", "libabsent.so.1", extension)
    problems = problems_of(packed(content, repaired.name))
    assert problems == (
        f"tiny/{extension.name} needs libabsent.so.1, which the wheel does not carry on its run path"
    )


def test_a_graft_that_was_lost(content: Path, graft: Path, repaired: Path) -> None:
    graft.unlink()
    assert f"needs {graft.name}, which" in problems_of(packed(content, repaired.name))


def test_a_graft_that_no_run_path_leads_to(
    content: Path, extension: Path, graft: Path, repaired: Path
) -> None:
    patchelf("--remove-rpath", extension)
    assert f"needs {graft.name}, which" in problems_of(packed(content, repaired.name))


def test_a_library_twice(content: Path, graft: Path, repaired: Path) -> None:
    shutil.copy(graft, content / "tiny" / "libforeign.so.1")
    assert problems_of(packed(content, repaired.name)) == "libforeign is in it 2 times"


def test_a_tag_for_this_machine_alone(content: Path) -> None:
    problems = problems_of(packed(content, "tiny-1.0-cp311-cp311-linux_x86_64.whl"))
    # Without a policy no library is the system's, so those are named as well.
    assert problems.startswith("its platform tag is linux_x86_64, not one of manylinux")


def test_a_file_that_its_record_does_not_have(content: Path, repaired: Path) -> None:
    wheel = packed(content, repaired.name)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tiny/more.py", "")
    assert problems_of(wheel) == "tiny/more.py is not in its RECORD"


def test_files_for_another_processor(content: Path, extension: Path, graft: Path) -> None:
    name = "tiny-1.0-cp311-cp311-manylinux_2_28_aarch64.whl"
    problems = problems_of(packed(content, name)).split("; ")
    for file in (f"tiny/{extension.name}", f"tiny.libs/{graft.name}"):
        assert f"{file} is for x64, and the wheel for AArch64" in problems


def test_an_object_file_for_another_processor(content: Path, repaired: Path) -> None:
    header = bytearray(bytes.fromhex("7f454c460201010000000000000000000100b70001000000") + bytes(40))
    # The sizes of its own header and of one of a section (elf.h: e_ehsize, e_shentsize).
    header[52], header[58] = 64, 64
    (content / "tiny/x.o").write_bytes(header)
    assert problems_of(packed(content, repaired.name)) == "tiny/x.o is for AArch64, and the wheel for x64"


def test_a_wheel_of_a_system_that_has_nothing_of_it(
    content: Path, extension: Path, graft: Path, repaired: Path
) -> None:
    extension.unlink()
    graft.unlink()
    assert problems_of(packed(content, repaired.name)) == "it has no file for Linux"


def test_several_problems_are_all_said(content: Path, extension: Path, repaired: Path) -> None:
    patchelf("--add-needed", "libabsent.so.1", extension)
    patchelf("--set-rpath", "$ORIGIN/../tiny.libs:/nowhere", extension)
    problems = problems_of(packed(content, repaired.name))
    assert "run path /nowhere" in problems
    assert "libabsent.so.1" in problems


@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_wheel_that_was_cut_off(repaired: Path, tmp_path: Path, keep: float) -> None:
    whole = repaired.read_bytes()
    (tmp_path / repaired.name).write_bytes(whole[: int(len(whole) * keep)])
    assert problems_of(tmp_path / repaired.name).startswith("it is damaged (")


def test_a_library_that_was_cut_off(content: Path, graft: Path, repaired: Path) -> None:
    graft.write_bytes(graft.read_bytes()[:1000])
    problems = problems_of(packed(content, repaired.name))
    assert problems.startswith(f"it is damaged (tiny.libs/{graft.name}: ")
