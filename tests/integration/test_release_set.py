"""Release sets of small real wheels, in a checkout at a real tag, with the real checkers."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from git_world import git
from mlir_release import tags
from mlir_release.errors import UserError
from mlir_release.publishing import manifest, record, release_set, set_folder, verify, wheel_checks
from mlir_release.publishing.gathering import gather
from mlir_release.publishing.proof import Refused
from release_world import BINDINGS, HERE, LLVM, PASSED, TAG, VERSION, ReleaseWorld

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseWorld:
    return ReleaseWorld.make(tmp_path / "world", monkeypatch)


def test_a_complete_release(release: ReleaseWorld) -> None:
    wheels = release.all_wheels()
    release.session()
    made = manifest.read(release.output / "manifest.json")
    assert (made.tag, made.version, made.rehearsal) == (TAG, VERSION, False)
    assert (made.llvm_version, made.llvm_ref) == (LLVM, "main")
    assert made.llvm_commit == release.world.newest
    assert made.project_commit == git(release.root, "rev-parse", "HEAD")
    assert [it.name for it in made.patches] == ["0007-main.patch"]
    assert [it.name for it in made.files] == sorted(it.name for it in wheels)
    expected = {"manifest.json", "SHA256SUMS", "RELEASE_NOTES.md"}
    for file in made.files:
        wheel, metadata = release.output / file.name, release.output / f"{file.name}.metadata"
        expected |= {wheel.name, metadata.name}
        assert wheel.samefile(release.wheelhouse / file.name)
        assert (wheel.stat().st_size, sha256(wheel)) == (file.size, file.sha256)
        assert sha256(metadata) == file.metadata_sha256
        assert file.tests == record.merged(release.runs(file.name))
        assert (file.requires_python, file.compiler, file.sdk_provider) == (">=3.9", "Clang 22.1.8", "build")
    assert {it.name for it in release.output.iterdir()} == expected
    assert [it.name for it in release.output.parent.iterdir()] == [TAG]
    notes = (release.output / "RELEASE_NOTES.md").read_text()
    assert all(file.name in notes and file.sha256 in notes for file in made.files)
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    done = subprocess.run(check, cwd=release.output, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len((release.output / "SHA256SUMS").read_text().splitlines()) == 2 * 25 + 1


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_patches_of_a_set_are_those_of_its_tag(
    release: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    release.all_wheels()
    release.session()
    words = [str(release.output)]
    verify.run(words, release.root)
    assert f"good   the patches of {TAG}" in capsys.readouterr().out
    path = release.output / manifest.NAME
    made = manifest.read(path)
    other = dataclasses.replace(made.patches[0], sha256="0" * 64)
    path.write_text(manifest.text(dataclasses.replace(made, patches=(other,))))
    with pytest.raises(verify.NotAsItShould):
        verify.run(words, release.root)
    said = capsys.readouterr().out
    assert f"WRONG  the patches of {TAG}\n          0007-main.patch with the sha256 000000" in said
    assert ": its commit has no such patch\n" in said
    assert f"0007-main.patch with the sha256 {made.patches[0].sha256}: its commit has it" in said
    path.write_text(manifest.text(dataclasses.replace(made, project_commit="0" * 40)))
    with pytest.raises(verify.NotAsItShould):
        verify.run(words, release.root)
    assert f"the patches of its commit {'0' * 40} cannot be had: " in capsys.readouterr().out


def test_everything_that_is_missing_is_listed(release: ReleaseWorld) -> None:
    release.wheel()
    with pytest.raises(Refused, match=r"^snapshot-20261123\.01 is not complete: 24 problems;") as caught:
        release.session()
    missing = caught.value.problems["missing"]
    assert len(missing) == 24
    assert "the-bindings for cp39 on windows-amd64" in missing
    assert "a-sdk for py3 on linux-aarch64" in missing


def test_free_threaded_wheels_are_others_and_optional_one_by_one(
    release: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    there = release.all_wheels()
    there += [release.wheel(tags=f"cp313-cp313t-{it}") for it in (HERE, "win_amd64")]
    release.session()
    made = manifest.read(release.output / "manifest.json")
    assert {it.name for it in made.files} == {it.name for it in there}
    said = {line for line in capsys.readouterr().out.splitlines() if line.endswith("which is optional")}
    systems = ("linux-aarch64", "macos-arm64", "macos-x86_64")
    assert said == {f"   without the-bindings for cp313t on {it}, which is optional" for it in systems}


def test_optional_wheels_replace_none_that_is_owed(release: ReleaseWorld) -> None:
    for kind in ("cp313-cp313", "cp313-cp313t"):
        release.wheel(tags=f"{kind}-manylinux_2_28_x86_64")
    with pytest.raises(Refused) as caught:
        release.session()
    assert len(caught.value.problems["missing"]) == 25


def test_what_is_known_to_be_wrong_is_said_and_no_numbered_release_has_it(release: ReleaseWorld) -> None:
    release.all_wheels()
    wheel = release.wheel(tags=f"cp39-cp39-{HERE}", findings=["a stub names <nothing>"])
    release.session()
    assert manifest.read(release.output / "manifest.json").findings == (
        f"{BINDINGS}: a stub names <nothing>",
    )
    assert "## Known to be wrong" in (release.output / "RELEASE_NOTES.md").read_text()
    promise = release_set.promised(tags.parse(TAG), release.root, rehearsal=False)
    (candidate,) = (it for it in gather([release.wheelhouse])[0] if it.path == wheel)
    said = wheel_checks.named(wheel.name)
    assert said
    numbered = dataclasses.replace(promise, tag="llvm-24.1.0.01")
    found = {
        kind: wheel_checks.examine(candidate, said, it) for kind, it in (("n", numbered), ("s", promise))
    }
    assert any("a stub names" in it for it in found["n"].problems)
    assert found["s"].problems == ()


class TestRehearsal:
    def test_it_takes_what_is_for_here_and_any_sdk(self, release: ReleaseWorld, tmp_path: Path) -> None:
        newer = "manylinux_2_36_x86_64"
        wheels = [
            release.wheel(tags=f"{python}-{python}-{newer}", sdk_provider="system")
            for python in ("cp39", "cp311")
        ]
        release.wheel(tags=f"cp310-cp310-{newer}", version="1.0", tested=False)
        output = tmp_path / "elsewhere"
        release.session("--rehearse", "--only", "cp39,cp311", "--output", output)
        made = manifest.read(output / "manifest.json")
        assert made.rehearsal
        assert {it.name for it in made.files} == {it.name for it in wheels}
        assert {it.sdk_provider for it in made.files} == {"system"}

    def test_what_it_needs_is_missing(self, release: ReleaseWorld) -> None:
        release.wheel(tags=f"cp39-cp39-{HERE}")
        with pytest.raises(Refused) as caught:
            release.session("--rehearse", "--only", "cp39,py3")
        assert caught.value.problems == {"missing": ["a-sdk for py3 on linux-x86_64"]}

    def test_the_same_wheels_give_the_same_set(self, release: ReleaseWorld) -> None:
        words = ("--rehearse", "--only", "cp311")
        release.wheel()
        release.session(*words)
        first = {it.name: it.read_bytes() for it in release.output.iterdir()}
        # What a session left that was killed: the next one takes it away.
        left = release.output.with_name(f".{TAG}.999999999.part")
        left.mkdir()
        release.session(*words)
        assert {it.name: it.read_bytes() for it in release.output.iterdir()} == first
        assert [it.name for it in release.output.parent.iterdir()] == [TAG]


class TestJobsFolders:
    def test_the_same_wheel_in_two_of_them_and_its_tests_in_each(
        self, release: ReleaseWorld, tmp_path: Path
    ) -> None:
        upstream, *own = PASSED[BINDINGS]
        for name, runs in (("one", [upstream]), ("two", own)):
            release.passed(release.wheel(folder=tmp_path / name, tested=False), *runs)
        release.session(
            "--rehearse", "--only", "cp311", "--from", tmp_path / "one", "--from", tmp_path / "two"
        )
        (file,) = manifest.read(release.output / "manifest.json").files
        assert file.tests == PASSED[BINDINGS]

    def test_the_same_name_with_other_bytes(self, release: ReleaseWorld, tmp_path: Path) -> None:
        wheel = release.wheel(folder=tmp_path / "one")
        release.wheel(folder=tmp_path / "two", files={"the_bindings/more.py": b"y = 1\n"})
        found = release.refused("--from", tmp_path / "one", "--from", tmp_path / "two")
        places = f"{tmp_path / 'one'}, {tmp_path / 'two'}"
        assert found == {wheel.name: [f"it has other bytes in each of the folders {places}"]}

    def test_a_folder_that_is_not_there(self, release: ReleaseWorld, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"nowhere cannot be read \(.*\); name a folder of wheels"):
            release.session("--from", tmp_path / "nowhere")


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["--only", "cp39"], "--only is for rehearsals"),
            (["--rehearse", "--only", "cp39,3.10"], "--only names '3.10', which is not one of cp39, cp310,"),
            (["--nonsense"], "unrecognized arguments"),
        ],
    )
    def test_options(self, release: ReleaseWorld, words: list[str], complaint: str) -> None:
        with pytest.raises(UserError, match=complaint):
            release.session(*words)

    def test_a_checkout_of_something_else(self, release: ReleaseWorld) -> None:
        git(release.root, "checkout", "--quiet", "HEAD~1")
        with pytest.raises(UserError, match=f"this checkout is not at {TAG}; say git checkout {TAG}"):
            release.session()

    def test_a_patch_that_the_tag_does_not_have(self, release: ReleaseWorld) -> None:
        release.all_wheels()
        (release.root / "patches/0008-more.patch").write_bytes(
            (release.root / "patches/0007-main.patch").read_bytes()
        )
        with pytest.raises(UserError, match=r"patches/0008-more\.patch is none of its files"):
            release.session()
        assert not release.output.exists()

    def test_an_output_that_is_no_release_set(self, release: ReleaseWorld, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/thesis.txt").touch()
        with pytest.raises(
            UserError, match="mine holds something else than a release set; name another --output"
        ):
            release.session("--output", tmp_path / "mine")
        with pytest.raises(UserError, match=r"thesis\.txt is not a folder"):
            release.session("--output", tmp_path / "mine/thesis.txt")
        assert (tmp_path / "mine/thesis.txt").exists()


def test_a_wheel_that_is_replaced_while_the_set_is_made(release: ReleaseWorld) -> None:
    wheel = release.wheel()
    release.session("--rehearse", "--only", "cp311")
    made = manifest.read(release.output / "manifest.json")
    before = {it.name: it.read_bytes() for it in release.output.iterdir()}
    wheel.unlink()
    release.wheel(files={"the_bindings/more.py": b"y = 1\n"})
    with pytest.raises(UserError, match="was replaced while the release set was made; run it again"):
        set_folder.write(release.output, made, {wheel.name: wheel}, "")
    assert {it.name: it.read_bytes() for it in release.output.iterdir()} == before
    assert [it.name for it in release.output.parent.iterdir()] == [TAG]
