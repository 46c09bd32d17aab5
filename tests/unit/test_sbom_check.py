"""What an SBOM from anywhere says is compared with the wheel."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlir_release import sbom
from sbom_wheels import ALL, GRAFT, INFO, MEMBER, OTHER, repacked, said_by, with_facts
from wheels import COMMIT, record

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel with an SBOM, to copy."""
    path = ALL.write(tmp_path_factory.mktemp("made"))
    sbom.add(path)
    return path


@pytest.fixture
def wheel(made: Path, tmp_path: Path) -> Path:
    """A wheel with an SBOM."""
    return Path(shutil.copy(made, tmp_path))


def with_document(wheel: Path, change: Callable[[dict[str, Any]], object]) -> list[str]:
    """The problems of a wheel whose SBOM says something else, and whose RECORD is right."""
    document = said_by(wheel)
    change(document)
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}
    content[MEMBER] = json.dumps(document).encode()
    new = {MEMBER: content[MEMBER], f"{INFO}/RECORD": record(content, INFO).encode()}
    return sbom.check(repacked(wheel, new.get))


def llvm(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (it for it in document["components"] if it["name"] == "llvm-project")
    return found


class TestCheck:
    def test_nothing_is_wrong_with_what_was_added(self, wheel: Path) -> None:
        assert sbom.check(wheel) == []

    def test_a_wheel_without_one(self, tmp_path: Path) -> None:
        assert sbom.check(ALL.write(tmp_path)) == [f"it has no SBOM ({MEMBER})"]

    def test_a_wheel_that_is_not_there(self, tmp_path: Path) -> None:
        (problem,) = sbom.check(tmp_path / ALL.write(tmp_path / "other").name)
        assert "No such file" in problem

    def test_a_release_json_of_another_version(self, tmp_path: Path) -> None:
        made = with_facts(version="1.0").write(tmp_path)
        sbom.add(made)
        assert sbom.check(made) == ["its release.json is of another version than its name"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda it: it["components"].remove(llvm(it)), "not say: llvm-project 22.1.8 pkg:"),
            (lambda it: llvm(it).update(version="9"), "says wrongly: llvm-project 9 pkg:"),
            (lambda it: llvm(it).pop("pedigree"), f"not say: llvm-project has the commit {COMMIT}"),
            (lambda it: llvm(it)["pedigree"]["patches"].pop(), "not say: llvm-project has the patch 0001-x"),
            (
                lambda it: it["components"].append({"type": "library", "name": "x", "components": []}),
                "says wrongly: x no version no purl is in it",
            ),
            (lambda it: it["metadata"].pop("component"), "wrongly: the wheel is no name no version no purl"),
            (lambda it: it.update(specVersion="1.5"), "says wrongly: this is CycloneDX 1.5"),
            (lambda it: it.update(bomFormat="SPDX"), "not valid CycloneDX 1.6: $.bomFormat: 'SPDX' is not"),
            (lambda it: it.update(components=1), "not valid CycloneDX 1.6: $.components: 1 is not of type"),
            (
                lambda it: llvm(it)["externalReferences"][0].update(url="a b"),
                "not valid CycloneDX 1.6: $.comp",
            ),
            (lambda it: llvm(it)["externalReferences"][0].update(url=[]), "not valid CycloneDX 1.6: $.comp"),
        ],
    )
    def test_what_is_said_wrongly_or_not_at_all(
        self, wheel: Path, change: Callable[[dict[str, Any]], object], said: str
    ) -> None:
        found = with_document(wheel, change)
        assert any(said in problem for problem in found), found
        assert not any("RECORD" in problem for problem in found)

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            (GRAFT, "libz-0a1b2c3d.so.1 no version no purl SHA-256"),
            (OTHER, "there is auditwheel.cdx.json SHA-256"),
        ],
    )
    def test_files_that_were_changed_since(self, wheel: Path, name: str, said: str) -> None:
        repacked(wheel, lambda found, data: b"other" if found == name else data)
        found = sbom.check(wheel)
        assert [problem.startswith("its SBOM says wrongly") for problem in found] == [False, True]
        assert all(said in problem for problem in found)

    @pytest.mark.parametrize("data", [b"", b"\xff", b"{", b"[]", b"null", b"[" * 100_000, b'"' + b"\0" * 9])
    def test_an_sbom_that_is_none(self, wheel: Path, data: bytes) -> None:
        repacked(wheel, lambda name, content: data if name == MEMBER else content)
        found = sbom.check(wheel)
        assert found[0] == f"its RECORD does not have the SBOM that it has ({MEMBER})"
        assert found[1].startswith(("its SBOM is not JSON", "its SBOM is not valid CycloneDX"))
        assert not any("\n" in problem for problem in found)

    def test_an_sbom_that_would_fill_the_memory(self, wheel: Path) -> None:
        repacked(wheel, lambda name, content: b" " * 30_000_000 if name == MEMBER else content)
        assert "has 30000000 bytes" in " ".join(sbom.check(wheel))

    def test_an_older_one_of_ours_is_replaced(self, wheel: Path) -> None:
        before = wheel.read_bytes()
        with_document(wheel, lambda it: it["components"].pop())
        assert sbom.check(wheel)
        sbom.add(wheel)
        assert wheel.read_bytes() == before


def _keys(place: dict[str, Any] | list[Any]) -> list[Any]:
    return sorted(place) if isinstance(place, dict) else list(range(len(place)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(data=st.data())
def test_any_change_of_a_document_is_taken_in_one_line_each(
    made: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    wheel = Path(shutil.copy(made, tmp_path_factory.mktemp("wheel")))

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for _ in range(data.draw(st.integers(0, 5))):
            inner = [place[key] for key in _keys(place) if isinstance(place[key], dict | list) and place[key]]
            place = data.draw(st.sampled_from(inner)) if inner else place
        place[data.draw(st.sampled_from(_keys(place)))] = data.draw(JSON)

    assert not any("\n" in problem for problem in with_document(wheel, change))


@settings(max_examples=200)
@given(position=st.floats(0, 1), junk=st.binary(max_size=8), gone=st.integers(0, 8))
def test_a_damaged_wheel_is_one_line(
    made: Path, tmp_path_factory: pytest.TempPathFactory, position: float, junk: bytes, gone: int
) -> None:
    whole = made.read_bytes()
    place = int(position * len(whole))
    wheel = tmp_path_factory.mktemp("wheel") / made.name
    wheel.write_bytes(whole[:place] + junk + whole[place + gone :])
    assert not any("\n" in problem for problem in sbom.check(wheel))
