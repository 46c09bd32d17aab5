"""A release set in a folder is looked at: all that is wrong is said, each in one line."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.publishing import verify
from mlir_release.publishing.manifest import METADATA_SUFFIX, NAME, NOTES, SUMS, PatchFile
from mlir_release.publishing.verify import NotAsItShould
from verify_samples import BINDINGS, SDK, TAG, ReleaseSet, changed, release_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> ReleaseSet:
    """A release set that is right, to copy."""
    return release_set(tmp_path_factory.mktemp("pristine") / "set")


@pytest.fixture
def made(pristine: ReleaseSet, tmp_path: Path) -> ReleaseSet:
    """A release set that is right."""
    return pristine.copy(tmp_path / "set")


def wrong(made: ReleaseSet, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """What is wrong, by the thing that it is wrong with."""
    capsys.readouterr()
    with pytest.raises(NotAsItShould) as caught:
        verify.run([str(made.folder)], made.folder)
    assert not isinstance(caught.value, UserError)
    assert len(str(caught.value).splitlines()) == 1
    return told(capsys.readouterr().out)


def told(output: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in output.partition("== verified")[0].splitlines():
        if line.startswith("   WRONG  "):
            name = line.removeprefix("   WRONG  ")
            found[name] = []
        elif line.startswith(" " * 10):
            found[name].append(line.strip())
    return found


class TestGood:
    def test_each_file_is_good(self, made: ReleaseSet, capsys: pytest.CaptureFixture[str]) -> None:
        (made.folder / NOTES).write_text("# Notes\n")
        verify.run([str(made.folder)], made.folder)
        output = capsys.readouterr().out
        for name in (
            NAME,
            SUMS,
            *(f"{it.name}{end}" for it in made.manifest.files for end in ("", ".metadata")),
        ):
            assert f"   good   {name}" in output
        assert "WRONG" not in output

    def test_a_rehearsal_is_said_to_be_one(
        self, made: ReleaseSet, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made.write(rehearsal=True)
        verify.run([str(made.folder)], made.folder)
        assert f"{TAG} is a rehearsal" in capsys.readouterr().out


def _swap(made: ReleaseSet, old: bytes, new: bytes) -> None:
    changed(made.path(BINDINGS), lambda _, data: data.replace(old, new))
    made.describe(BINDINGS)


def _rename_member(made: ReleaseSet) -> None:
    with zipfile.ZipFile(made.path(BINDINGS), "a") as archive:
        archive.writestr("../../evil.py", b"")
    made.describe(BINDINGS)


def _without_sbom(made: ReleaseSet) -> None:
    path = made.path(BINDINGS)
    with zipfile.ZipFile(path) as old:
        content = {it: old.read(it) for it in old.infolist() if "sboms" not in it.filename}
    with zipfile.ZipFile(path, "w") as new:
        for member, data in content.items():
            new.writestr(member, data)
    made.describe(BINDINGS)


def _metadata_of(made: ReleaseSet) -> Path:
    return made.path(BINDINGS).with_name(made.path(BINDINGS).name + METADATA_SUFFIX)


class TestWrong:
    """Manifest and sums are right again after each change, unless they are what is changed."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda it: _swap(it, b"\x00\x01", b"\x01\x00"), "lib.so is not what its RECORD says"),
            (
                lambda it: _swap(it, b"Name: mlir", b"Name: mlib"),
                "its METADATA is of mlib-python-bindings 22.1.8",
            ),
            (lambda it: _swap(it, b"Tag: cp312-", b"Tag: cp311-"), "its WHEEL has the tags cp311-cp312-"),
            (
                lambda it: _swap(it, b"ca7933e4", b"ca7933e5"),
                "its release.json has the llvm_commit 'ca7933e5",
            ),
            (
                lambda it: _swap(it, b'"llvm-22.1.8.01"', b"null"),
                "its release.json has the tag None, the manif",
            ),
            (
                lambda it: _swap(it, b'"build"', b'"wheel"'),
                "has the sdk_provider 'wheel', the manifest 'build'",
            ),
            (lambda it: _swap(it, b"CycloneDX", b"CycloneDY"), "its SBOM is not valid CycloneDX 1.6"),
            (_rename_member, "../../evil.py leads out of the wheel"),
            (_rename_member, "../../evil.py is not in its RECORD"),
            (_without_sbom, "it has no SBOM"),
            (lambda it: it.describe(BINDINGS, size=7), "bytes, the manifest says 7"),
            (lambda it: it.describe(BINDINGS, sha256="0" * 64), "the manifest says 00000"),
            (
                lambda it: it.describe(BINDINGS, metadata_sha256="0" * 64),
                "its METADATA is not the one that the",
            ),
            (
                lambda it: it.describe(BINDINGS, requires_python=">=3.8"),
                "for Python >=3.9, the manifest says >=3.8",
            ),
            (
                lambda it: it.describe(BINDINGS, compiler="gcc"),
                "has the compiler 'Clang 22.1.8', the manifest 'g",
            ),
            (lambda it: it.write(llvm_commit="0" * 40), "has the llvm_commit 'ca7933e"),
            (lambda it: it.write(patches=()), "has the patches [{'name': '0001-x.patch'"),
            (
                lambda it: it.write(patches=(PatchFile(name="0001-x.patch", sha256="0" * 64),)),
                "has the patches",
            ),
            (lambda it: it.path(BINDINGS).unlink(), "it is not there"),
            (lambda it: it.path(BINDINGS).write_bytes(b""), "it is damaged (File is not a zip file)"),
        ],
    )
    def test_a_wheel(
        self,
        made: ReleaseSet,
        capsys: pytest.CaptureFixture[str],
        change: Callable[[ReleaseSet], object],
        said: str,
    ) -> None:
        change(made)
        found = wrong(made, capsys)[made.path(BINDINGS).name]
        assert any(said in problem for problem in found), found

    @pytest.mark.parametrize(
        ("change", "where", "said"),
        [
            (lambda it: _metadata_of(it).write_text("x"), "{wheel}.metadata", "its sha256 is 2d711642"),
            (lambda it: _metadata_of(it).unlink(), "{wheel}.metadata", "it is not there"),
            (lambda it: (it.folder / "more.whl").touch(), "more.whl", "the manifest does not list it"),
            (lambda it: (it.folder / "folder").mkdir(), "folder", "it is no file"),
            (lambda it: (it.folder / NAME).unlink(), NAME, "it is not there"),
            (
                lambda it: (it.folder / NAME).write_text("{}"),
                NAME,
                "is no manifest of a release: it has no schema",
            ),
            (lambda it: it.describe(SDK, sdk_provider="system"), NAME, "wheels of the SDK provider system"),
            (lambda it: (it.folder / SUMS).unlink(), SUMS, "it is not there"),
            (lambda it: (it.folder / SUMS).write_text(""), SUMS, f"does not list {NAME}"),
            (lambda it: (it.folder / SUMS).write_text("what\n"), SUMS, "its line 1 is no sum: 'what'"),
            (lambda it: (it.folder / SUMS).write_bytes(b"\xff"), SUMS, "it cannot be read"),
            (lambda it: (it.folder / SUMS).write_text(f"{'0' * 64}  {NAME}\n"), NAME, f"{SUMS} says 00000"),
            (lambda it: (it.folder / SUMS).write_text(f"{'0' * 64}  x\n"), SUMS, f"does not list {NAME}"),
            (
                lambda it: (it.folder / SUMS).write_text(f"{'0' * 64}  x\n"),
                SUMS,
                "it lists x, which is not there",
            ),
            (lambda it: (it.folder / SUMS).write_text(f"{'0' * 64}  x\n" * 2), SUMS, "it lists x twice"),
        ],
    )
    def test_what_is_around_it(
        self,
        made: ReleaseSet,
        capsys: pytest.CaptureFixture[str],
        change: Callable[[ReleaseSet], object],
        where: str,
        said: str,
    ) -> None:
        wheel = made.path(BINDINGS).name
        change(made)
        found = wrong(made, capsys)[where.format(wheel=wheel)]
        assert any(said in problem for problem in found), found

    def test_all_of_it_is_said(self, made: ReleaseSet, capsys: pytest.CaptureFixture[str]) -> None:
        _swap(made, b"ca7933e4", b"ca7933e5")
        made.path(SDK).write_bytes(made.path(SDK).read_bytes()[:-50])
        (made.folder / "more.txt").touch()
        found = wrong(made, capsys)
        assert found.keys() == {made.path(BINDINGS).name, made.path(SDK).name, "more.txt", SUMS}
        # A file of the RECORD, the manifest's commit, and the SBOM's.
        assert len(found[made.path(BINDINGS).name]) > 2
        assert len(found[made.path(SDK).name]) > 2

    def test_without_a_manifest_the_rest_is_looked_at(
        self, made: ReleaseSet, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _swap(made, b"\x00\x01", b"\x01\x00")
        (made.folder / NAME).unlink()
        found = wrong(made, capsys)
        assert "lib.so is not what its RECORD says" in found[made.path(BINDINGS).name][0]

    def test_what_steers_a_terminal_is_not_printed(
        self, made: ReleaseSet, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with zipfile.ZipFile(made.path(BINDINGS), "a") as archive:
            archive.writestr("\x1b[2Jgood\nline", b"")
        (made.folder / "\x1b[31m\u202e.txt").touch()
        output = str(wrong(made, capsys))
        assert "\\x1b[2Jgood\\nline is not in its RECORD" in output.replace("\\\\", "\\")
        assert all(sign.isprintable() for sign in output)


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "the following arguments are required: TAG|DIR|URL"),
            (["{folder}/nowhere"], "is neither a tag like snapshot-20261123.01, nor a folder, nor a URL"),
            (["llvm-22.1"], "is neither a tag"),
            (["{folder}"], "has no manifest.json; name the folder of a release"),
            (["{folder}", "--output", "x"], "--output is for a tag"),
            (["{folder}", "--version", "1"], "--version is for an index"),
            (["{folder}", "--what"], "unrecognized arguments: --what"),
        ],
    )
    def test_one_line(self, tmp_path: Path, arguments: list[str], said: str) -> None:
        with pytest.raises(UserError) as caught:
            verify.run([it.format(folder=tmp_path) for it in arguments], tmp_path)
        assert said in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
