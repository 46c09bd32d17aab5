"""A repaired wheel for Windows works in a real CPython for Windows, and an unrepaired one does not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from small_repairs import INIT, raw_wheel, repaired, unpack
from wine import WindowsPython, windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windows_workshop import WindowsWorkshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="wine is Debian's")

USE = "import tiny; print(tiny.answer(), tiny.caught())"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsPython]:
    made = WindowsPython.furnish(tmp_path_factory.mktemp("wine"))
    yield made
    made.end()


def test_repaired_it_is_imported_and_exceptions_cross_libraries(
    python: WindowsPython, shop: WindowsWorkshop, tmp_path: Path
) -> None:
    shared = "-shared-libgcc"
    library = shop.foreign(tmp_path / "lib", runtime=shared)
    extension = shop.extension(tmp_path, library, runtime=shared)
    files: dict[str, Path | bytes] = {"tiny/_tiny.cp311-win_amd64.pyd": extension, "tiny/__init__.py": INIT}
    raw = raw_wheel(tmp_path, "cp311-cp311-win_amd64", files)
    wheel = repaired(raw, tmp_path / "lib", shop.runtime())

    unrepaired = f"import sys; sys.path.insert(0, {windows(unpack(raw, tmp_path / 'unrepaired'))!r}); {USE}"
    refused = python.run("-c", unrepaired, check=False)
    assert refused.status != 0
    assert "ImportError: DLL load failed while importing _tiny" in refused.output

    python.install(wheel)
    assert python.run("-c", USE).output.split() == ["42", "700"]
