"""Before the first upload to a package index, every project of a release set is proven to be ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.publishing import to_pypi
from upload_servers import CREDENTIALS, PROJECTS, SERVERS, Gate, small_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def uploader(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("server", SERVERS)
def test_a_project_that_is_not_ours_stops_before_the_first_write(tmp_path: Path, server: str) -> None:
    with SERVERS[server](tmp_path / "data") as port, Gate(port) as gate:
        for number, foreign in enumerate(PROJECTS):
            folder, manifest = small_set(tmp_path / "sets", f"22.1.{number}")
            gate.forbidden = {foreign}
            gate.accepted.clear()
            before = gate.writes
            with pytest.raises(UserError) as caught:
                to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
            line = str(caught.value)
            assert line.startswith(
                f"nothing of {manifest.tag} was uploaded to {gate.url}: {foreign} is not ours there"
            )
            assert "403" in line
            assert line.count("not ours") == len(line.splitlines()) == 1
            assert gate.writes == before
            assert not gate.accepted
            gate.forbidden = set()
            to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
            for file in manifest.files:
                assert gate.sums(file.distribution)[file.name] == file.sha256
            # What was sent to find out is not there.
            for name in PROJECTS:
                assert all(it.endswith(".whl") for it in gate.sums(name))


@pytest.mark.parametrize("server", SERVERS)
def test_a_project_is_registered_only_where_that_is_said(tmp_path: Path, server: str) -> None:
    folder, manifest = small_set(tmp_path / "sets")
    with SERVERS[server](tmp_path / "data") as port, Gate(port) as gate:
        with pytest.raises(UserError) as caught:
            to_pypi.publish(folder, manifest, url=gate.url, new=[*PROJECTS[1:], "mlir-skd"])
        assert str(caught.value) == (
            f"nothing of {manifest.tag} was uploaded to {gate.url}: no project of it is called mlir-skd;"
            " llvm-sdk is not registered there; if it is to be, say --new llvm-sdk"
        )
        assert gate.writes == 0
        to_pypi.publish(folder, manifest, url=gate.url, new=PROJECTS)
        # From now on they are known.
        to_pypi.publish(*small_set(tmp_path / "next", "22.1.9"), url=gate.url)
        assert gate.writes == 12
