from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mlir_release import sbom
from mlir_release.errors import UserError
from mlir_release.sdk import wheel_file
from mlir_release.store import file_sha256
from sbom_wheels import ALL, GRAFT, INFO, LIBRARY, MEMBER, OTHER, OTHERS, PATCH, repacked, said_by, with_facts
from wheels import COMMIT, FACTS, VERSION

# As nox has it: everything that a library logs is printed.
ADD = """\
import logging, pathlib, sys
logging.basicConfig(level=logging.DEBUG)
from mlir_release import sbom
wheel = pathlib.Path(sys.argv[1])
sbom.add(wheel)
assert sbom.check(wheel) == []
"""


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


class TestDocument:
    def test_it_names_the_wheel_and_all_that_is_in_it(self, wheel: Path) -> None:
        document = said_by(wheel)
        assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
        subject = document["metadata"]["component"]
        local = VERSION.replace("+", "%2B")
        assert (subject["name"], subject["version"]) == ("mlir-tiny", VERSION)
        assert subject["purl"] == (f"pkg:pypi/mlir-tiny@{local}?file_name=mlir_tiny-{local}-py3-none-any.whl")
        parts = {it["name"]: it for it in document["components"]}
        assert parts.keys() == {"llvm-project", "nanobind", "robin-map", "libz-0a1b2c3d.so.1"}
        assert parts["nanobind"]["purl"] == "pkg:pypi/nanobind@2.12.0"
        assert "version" not in parts["robin-map"]

    def test_llvm_is_a_commit_with_patches(self, wheel: Path) -> None:
        (llvm,) = (it for it in said_by(wheel)["components"] if it["name"] == "llvm-project")
        assert (llvm["version"], llvm["purl"]) == ("22.1.8", f"pkg:github/llvm/llvm-project@{COMMIT}")
        assert llvm["externalReferences"] == [{"type": "vcs", "url": "https://github.com/llvm/llvm-project"}]
        (commit,) = llvm["pedigree"]["commits"]
        (patch,) = llvm["pedigree"]["patches"]
        assert commit["uid"] == COMMIT
        assert patch["diff"]["url"] == f"{PATCH['name']}#sha256={PATCH['sha256']}"

    def test_a_grafted_library_has_its_place_and_hash(self, wheel: Path) -> None:
        (graft,) = (it for it in said_by(wheel)["components"] if it["name"].startswith("libz"))
        assert graft["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(LIBRARY).hexdigest()}]
        assert [it["location"] for it in graft["evidence"]["occurrences"]] == [GRAFT]

    def test_the_documents_of_others_are_kept_and_named(self, wheel: Path) -> None:
        (named,) = said_by(wheel)["metadata"]["component"]["externalReferences"]
        assert (named["type"], named["url"]) == ("bom", "auditwheel.cdx.json")
        assert named["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(OTHERS).hexdigest()}]
        with zipfile.ZipFile(wheel) as archive:
            assert archive.read(OTHER) == OTHERS

    def test_every_part_hangs_on_the_wheel(self, wheel: Path) -> None:
        document = said_by(wheel)
        edges = {it["ref"]: it.get("dependsOn", []) for it in document["dependencies"]}
        top = document["metadata"]["component"]["bom-ref"]
        reached = {top, *edges[top], *(below for part in edges[top] for below in edges[part])}
        assert reached == {top, *(it["bom-ref"] for it in document["components"])}

    def test_what_a_wheel_does_not_have_is_not_in_it(self, tmp_path: Path) -> None:
        facts = {**FACTS, "tag": None, "version": VERSION, "llvm_commit": None}
        made = dataclasses.replace(ALL, files={}, programs=(), facts=facts).write(tmp_path)
        sbom.add(made)
        (llvm,) = said_by(made)["components"]
        assert llvm["purl"] == "pkg:github/llvm/llvm-project"
        assert "pedigree" not in llvm
        assert sbom.check(made) == []

    def test_other_contents_have_another_number(self, wheel: Path, tmp_path: Path) -> None:
        other = with_facts(llvm_version="22.1.9").write(tmp_path / "other")
        sbom.add(other)
        numbers = [said_by(it)["serialNumber"] for it in (wheel, other)]
        assert all(uuid.UUID(number).version == 5 for number in numbers)
        assert len(set(numbers)) == 2


class TestWheel:
    def test_the_same_bytes_whatever_order_time_and_modes(self, wheel: Path, tmp_path: Path) -> None:
        before = file_sha256(wheel)
        raw = ALL.write(tmp_path / "again")
        sbom.add(repacked(raw, lambda _, data: data))
        assert file_sha256(raw) == before
        sbom.add(raw)
        assert file_sha256(raw) == before

    @pytest.mark.parametrize("seed", ["1", "2"])
    def test_the_same_bytes_in_another_process_and_nothing_printed(
        self, wheel: Path, tmp_path: Path, seed: str
    ) -> None:
        raw = ALL.write(tmp_path / "again")
        where = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TZ": "Asia/Tokyo",
        }
        done = subprocess.run([sys.executable, "-c", ADD, raw], check=True, env=where, capture_output=True)
        assert (done.stdout, done.stderr) == (b"", b"")
        assert file_sha256(raw) == file_sha256(wheel)

    def test_its_files_are_those_of_its_record(self, wheel: Path, tmp_path: Path) -> None:
        wheel_file.read(wheel).unpack(tmp_path / "unpacked")
        assert (tmp_path / "unpacked" / MEMBER).is_file()
        for name, data in ALL.files.items():
            unpacked = tmp_path / "unpacked" / name
            assert unpacked.read_bytes() == data
            assert bool(unpacked.stat().st_mode & 0o100) == (name in ALL.programs)

    def test_files_are_sorted_with_the_record_last_and_no_times(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert {it.date_time for it in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert {it.compress_type for it in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        assert names == sorted(names, key=lambda it: (it.startswith(INFO), it.endswith("RECORD"), it))
        assert names[-1] == f"{INFO}/RECORD"

    def test_what_is_compressed_stays_as_it_is(self, tmp_path: Path) -> None:
        raw = dataclasses.replace(ALL, files={"mlir_tiny/x": os.urandom(1000) * 50}).write(tmp_path)
        with zipfile.ZipFile(raw) as archive:
            before = archive.getinfo("mlir_tiny/x").compress_size
        sbom.add(raw)
        with zipfile.ZipFile(raw) as archive:
            assert archive.getinfo("mlir_tiny/x").compress_size == before

    def test_nothing_is_left_beside_it(self, wheel: Path) -> None:
        assert list(wheel.parent.iterdir()) == [wheel]


def one_line(wheel: Path) -> str:
    """What adding says; the wheel must be what it was, and checking must say something, too."""
    before = wheel.read_bytes()
    with pytest.raises(UserError) as caught:
        sbom.add(wheel)
    assert wheel.read_bytes() == before
    assert list(wheel.parent.iterdir()) == [wheel]
    assert "\n" not in str(caught.value)
    assert sbom.check(wheel)
    return str(caught.value)


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"llvm_version": None}, "its llvm_version"),
            ({"llvm_version": "22 1"}, "its llvm_version"),
            ({"llvm_commit": "main"}, "its llvm_commit"),
            ({"nanobind_version": 2}, "its nanobind_version"),
            ({"patches": "none"}, "its patches"),
            ({"patches": [1]}, "its patches"),
            ({"patches": [{**PATCH, "sha256": "ab"}]}, "its sha256"),
            ({"patches": [{**PATCH, "name": "../x"}]}, "its name"),
        ],
    )
    def test_facts_that_are_not_there_or_have_another_form(
        self, tmp_path: Path, changes: dict[str, Any], said: str
    ) -> None:
        raw = with_facts(**changes).write(tmp_path)
        assert one_line(raw) == f"{raw}: its release.json does not say {said}; build it again"

    def test_no_release_json(self, tmp_path: Path) -> None:
        raw = dataclasses.replace(ALL, facts=None).write(tmp_path)
        assert "is not a whole wheel of this project" in one_line(raw)

    def test_a_record_that_lists_other_files(self, tmp_path: Path) -> None:
        raw = repacked(ALL.write(tmp_path), lambda name, data: None if name == GRAFT else data)
        assert f"({GRAFT} is only in its RECORD, or not there)" in one_line(raw)

    def test_a_file_twice(self, tmp_path: Path) -> None:
        raw = ALL.write(tmp_path)
        with zipfile.ZipFile(raw, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(GRAFT, b"")
        assert "it has a file twice" in one_line(raw)

    def test_another_compression(self, tmp_path: Path) -> None:
        raw = ALL.write(tmp_path)
        with zipfile.ZipFile(raw, "a", zipfile.ZIP_LZMA) as archive:
            archive.writestr("mlir_tiny/y", b"y")
        assert "mlir_tiny/y is encrypted, or compressed in another way" in one_line(raw)

    @pytest.mark.parametrize("name", ["tiny.whl", "tiny-1-py3-none.zip"])
    def test_a_name_that_is_no_wheels(self, tmp_path: Path, name: str) -> None:
        assert "is not called as a wheel is" in one_line(ALL.write(tmp_path).replace(tmp_path / name))

    @pytest.mark.parametrize("part", [0, 0.3, 0.6, 0.999])
    def test_a_wheel_that_was_cut_off(self, wheel: Path, part: float) -> None:
        wheel.write_bytes(wheel.read_bytes()[: int(wheel.stat().st_size * part)])
        assert "is not a whole wheel" in one_line(wheel)
