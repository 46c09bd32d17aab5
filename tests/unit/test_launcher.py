from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlir_release import launcher
from mlir_release.errors import UserError

# Like sccache's --show-stats; the figures are in a file beside it.
SCCACHE = f"""#!{sys.executable}
import pathlib
print(pathlib.Path(__file__).with_name("figures").read_text())
"""


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("CCACHE_BASEDIR", "SCCACHE_BASEDIRS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "bin"


def test_a_machine_without_any_needs_none(bin_dir: Path) -> None:
    assert launcher.find(None, bin_dir) is None


def test_the_first_on_path_is_taken_unless_another_or_none_is_named(bin_dir: Path) -> None:
    program(bin_dir, "ccache")
    program(bin_dir, "sccache")
    found = launcher.find(None, bin_dir)
    assert found
    assert found.program == bin_dir / "sccache"
    named = launcher.find("ccache", bin_dir)
    assert named
    assert named.name == "ccache"
    assert launcher.find(launcher.NONE, bin_dir) is None


@pytest.mark.parametrize("name", ["ccache", "distcc"])
def test_one_that_is_not_there_or_not_known_is_one_line(bin_dir: Path, name: str) -> None:
    program(bin_dir, "distcc")
    with pytest.raises(UserError, match=f"^'{name}', given as the compiler launcher, is .*--launcher none$"):
        launcher.find(name, bin_dir)


def test_the_users_own_settings_stay(bin_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = launcher.Launcher(program=program(bin_dir, "ccache"), base=bin_dir)
    assert found.environment()["CCACHE_BASEDIR"] == str(bin_dir)
    monkeypatch.setenv("CCACHE_BASEDIR", "/elsewhere")
    assert found.environment()["CCACHE_BASEDIR"] == "/elsewhere"


def test_hits_of_ccache_are_those_since_counting_began(bin_dir: Path, tmp_path: Path) -> None:
    found = launcher.Launcher(program=program(bin_dir, "ccache"), base=tmp_path)
    statistics = Path(found.environment()["CCACHE_STATSLOG"])
    statistics.write_text("# old.cpp\ncache_miss\n")
    before = found.rate()
    assert before == launcher.HitRate(hits=0, misses=1)
    statistics.write_text(
        "# old.cpp\ncache_miss\n# a.cpp\ndirect_cache_hit\nlocal_storage_hit\n"
        "# b.cpp\ndirect_cache_miss\npreprocessed_cache_hit\n"
        "# cache_miss\ncache_miss\nlocal_storage_miss\n"
    )
    assert found.rate() - before == launcher.HitRate(hits=2, misses=1)


def test_hits_of_sccache_are_those_since_counting_began(bin_dir: Path, tmp_path: Path) -> None:
    found = launcher.Launcher(program=program(bin_dir, "sccache", SCCACHE), base=tmp_path)
    figures = (
        '{"stats": {"cache_hits": {"counts": {"C/C++": %d}}, "cache_misses": {"counts": {"C/C++": %d}}}}'
    )
    (bin_dir / "figures").write_text(figures % (10, 5))
    before = found.rate()
    (bin_dir / "figures").write_text(figures % (17, 6))
    assert found.rate() - before == launcher.HitRate(hits=7, misses=1)
    (bin_dir / "figures").write_text("error: no server")
    assert found.rate() == launcher.HitRate(hits=0, misses=0)


def test_rates_are_readable() -> None:
    assert str(launcher.HitRate(hits=3, misses=1)) == "3 of 4 (75%)"
    assert str(launcher.HitRate(hits=0, misses=0)) == "asked for nothing"
