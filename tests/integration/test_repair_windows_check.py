"""What is wrong with a repaired wheel for Windows is seen, whatever the tool that repaired it says."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release.repair.windows import Delvewheel
from small_repairs import INIT, packed, problems_of, raw_wheel, repaired, unpack, zipped
from tiny_sources import DEEPER, NEEDING_DEEPER

if TYPE_CHECKING:
    from pathlib import Path

    from windows_workshop import WindowsWorkshop

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="these files are made with Debian's compilers"
)

NAME = "tiny-1.0-cp311-cp311-win_amd64.whl"
EXTENSION = "tiny/_tiny.pyd"
NOWHERE = "which is neither Windows' nor where it is looked for"


@pytest.fixture(scope="module")
def good(shop: WindowsWorkshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    deeper = shop.link(folder / "lib/deeper.dll", "library", DEEPER)
    library = shop.link(folder / "lib/foreign.dll", "library", NEEDING_DEEPER, deeper)
    files: dict[str, Path | bytes] = {EXTENSION: shop.extension(folder, library), "tiny/__init__.py": INIT}
    return repaired(raw_wheel(folder, "cp311-cp311-win_amd64", files), folder / "lib")


@pytest.fixture
def content(good: Path, tmp_path: Path) -> Path:
    return unpack(good, tmp_path / "content")


def graft(content: Path, name: str) -> Path:
    (found,) = (content / "tiny.libs").glob(f"{name}-*.dll")
    return found


def said(content: Path, name: str = NAME) -> str:
    return problems_of(Delvewheel(), packed(content, name))


def test_the_good_one_is_good_when_packed_again(content: Path) -> None:
    Delvewheel().check(packed(content, NAME))


def test_a_graft_that_was_lost(content: Path) -> None:
    lost = graft(content, "foreign")
    lost.unlink()
    assert said(content) == f"{EXTENSION} needs {lost.name}, {NOWHERE}"


def test_a_graft_that_another_one_needs(content: Path) -> None:
    lost, left = graft(content, "deeper"), graft(content, "foreign")
    lost.unlink()
    assert said(content) == (
        f"{EXTENSION} needs {lost.name} through tiny.libs/{left.name}, {NOWHERE};"
        f" tiny.libs/{left.name} needs {lost.name}, {NOWHERE}"
    )


def test_a_graft_in_a_folder_where_nobody_looks(content: Path) -> None:
    (content / "tiny/deep").mkdir()
    moved = graft(content, "deeper")
    moved.rename(content / "tiny/deep" / moved.name)
    assert f"{moved.name}, {NOWHERE}" in said(content)


def test_a_package_that_does_not_say_where_its_libraries_are(content: Path) -> None:
    (content / "tiny/__init__.py").write_bytes(INIT)
    assert said(content) == "tiny/__init__.py does not name the folder of the libraries that were put in"


def test_a_library_as_itself_and_as_a_graft(content: Path) -> None:
    shutil.copy(graft(content, "deeper"), content / "tiny/Deeper.dll")
    assert said(content) == "deeper.dll is in it 2 times"


@pytest.mark.parametrize("processor", ["aarch64", "i686"])
def test_a_library_for_another_processor(
    shop: WindowsWorkshop, content: Path, tmp_path: Path, processor: str
) -> None:
    name = {"aarch64": "arm64", "i686": "32 bits"}[processor]
    shop.bare(tmp_path / "it.dll", "library", processor, "-safeseh:no")
    replaced = graft(content, "deeper")
    shutil.copy(tmp_path / "it.dll", replaced)
    assert said(content) == f"tiny.libs/{replaced.name} is for {name}, and the wheel for amd64"


def test_a_runtime_for_debugging(shop: WindowsWorkshop, content: Path, tmp_path: Path) -> None:
    extension = shop.extension(tmp_path, shop.to_link("VCRUNTIME140D.dll", "foreign"))
    shutil.copy(extension, content / EXTENSION)
    assert said(content) == (
        f"{EXTENSION} needs vcruntime140d.dll, of the runtime for debugging, which only compilers bring"
    )


def test_a_python_for_debugging(shop: WindowsWorkshop, content: Path, tmp_path: Path) -> None:
    extension = shop.extension(tmp_path, shop.to_link("kernel32.dll", "foreign"), python="python311_d.dll")
    shutil.copy(extension, content / EXTENSION)
    assert said(content) == f"{EXTENSION} needs python311_d.dll, and the wheel is for cp311"


@pytest.mark.parametrize("platform", ["win32", "linux_x86_64"])
def test_a_wrong_tag(content: Path, platform: str) -> None:
    assert said(content, NAME.replace("win_amd64", platform)).startswith(
        f"its platform tag is {platform}, not one of 64-bit Windows"
    )


@pytest.mark.parametrize("keep", [0, 2, 100, 5000])
def test_a_library_that_was_cut_off(content: Path, keep: int) -> None:
    cut = graft(content, "deeper")
    cut.write_bytes(cut.read_bytes()[:keep])
    assert said(content).startswith(f"it is damaged (tiny.libs/{cut.name}: ")


@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_wheel_that_was_cut_off(good: Path, tmp_path: Path, keep: float) -> None:
    whole = good.read_bytes()
    (tmp_path / NAME).write_bytes(whole[: int(len(whole) * keep)])
    assert problems_of(Delvewheel(), tmp_path / NAME).startswith("it is damaged (")


def test_a_file_that_is_not_in_the_record(content: Path) -> None:
    (content / "tiny/more").write_bytes(b"")
    assert problems_of(Delvewheel(), zipped(content, NAME)) == "tiny/more is not in its RECORD"
