"""The release notes of tags, gathered from real repositories and a folder of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from git_world import RELEASE, START, World, git
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME, Pin
from mlir_release.tags import Numbered, parse
from mlir_release.train.gather import run_notes

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "https://github.com/someone/mlir-py-release"
DISTRIBUTION = """\
[build-system]
requires = []
[project]
name = "{name}"
[tool.mlir-release]
made-per = "{made_per}"
"""
PATCH = """\
Why: it is needed
Upstream: https://example.org/
Drop-when: never
Applies-to: {applies}

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-project(mlir)
+project(patched)
"""
PACKAGED = {
    "packaging/a-sdk/pyproject.toml": DISTRIBUTION.format(name="a-sdk", made_per="platform"),
    "packaging/the-bindings/pyproject.toml": DISTRIBUTION.format(name="the-bindings", made_per="interpreter"),
    "packaging/common/file.py": "x = 1\n",
}


@dataclass(frozen=True)
class Train:
    """A project with releases, and its notes."""

    world: World
    capsys: pytest.CaptureFixture[str]

    def release(self, tag: str, commit: str, **more: str) -> None:
        """A commit that pins another one of upstream, with a tag."""
        found = parse(tag)
        numbered = isinstance(found, Numbered)
        version = found.llvm_version if isinstance(found, Numbered) else "24.0.0git"
        pin = Pin(commit=commit, version=version, ref=f"llvmorg-{version}" if numbered else "main")
        text = pins.rewritten(self.world.pin_text, pin)
        made = self.world.project.commit(tag, {FILE_NAME: text, **PACKAGED, **more})
        self.world.project.tag(tag, made)

    def notes(self, tag: str, folder: Path, *words: str | Path, url: str | None = None) -> str:
        """What is printed on stdout; nothing but the notes."""
        cache = ("--cache", str(self.world.root / "cache"))
        run_notes([tag, *map(str, words), *cache], folder, url or self.world.upstream.url)
        return self.capsys.readouterr().out


@pytest.fixture
def train(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Train:
    for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    return Train(World(tmp_path), capsys)


@pytest.fixture
def clone(train: Train) -> Path:
    """A clone with three snapshots; upstream's changes between the last two are of all kinds."""
    upstream = train.world.upstream
    train.release("snapshot-20261122.01", train.world.cut)
    train.release("snapshot-20261122.02", train.world.newest)
    upstream.commit("[mlir] Not in the bindings", {"mlir/lib/IR/x.cpp": "x\n"})
    upstream.commit("[mlir][python] Thank @someone (#12)", {"mlir/python/y.py": "y\n"})
    last = upstream.commit("</li> test `it`", {"mlir/test/python/t.py": "t\n"})
    train.release("snapshot-20261123.01", last, **{"patches/0007-main.patch": PATCH.format(applies=">=24")})
    return train.world.clone("clone")


class TestSnapshot:
    def test_what_changed_is_fetched_and_told(self, train: Train, clone: Path) -> None:
        text = train.notes("snapshot-20261123.01", clone)
        old, new = train.world.newest, train.world.upstream.head()
        assert text.startswith("Version `24.0.0.dev2026112301`, built from LLVM 24.0.0git (`main`): commit ")
        assert f"/commit/{new}) of {START:%Y-%m-%d}." in text
        assert "- `0007-main.patch`: it is needed\n  Upstream: <https://example.org/>\n" in text
        assert "0001-python-3.9.patch" not in text
        assert (
            "Since `snapshot-20261122.02`: 2 commits ([all changes in LLVM](https://github.com/llvm/llvm-project"
            in text
        )
        assert f"/compare/{old}...{new}))" in text
        listed = [line.partition("2026-11-22 ")[2] for line in text.splitlines() if line.startswith("- [")]
        assert listed == ["`` </li> test `it` ``", "`[mlir][python] Thank @someone (#12)`"]
        version = "24.0.0.dev2026112301"
        ours = f"--no-index --find-links FOLDER the-bindings=={version}"
        commands = [
            f"pip install --no-deps {ours} && pip install the-bindings=={version}",
            f"pip install --no-index --find-links FOLDER a-sdk=={version}",
        ]
        assert "```sh\n" + "\n".join(commands) + "\n```" in text
        assert train.notes("snapshot-20261123.01", clone) == text

    def test_the_first_one(self, train: Train, clone: Path) -> None:
        assert "This is the first release of its kind." in train.notes("snapshot-20261122.01", clone)

    def test_of_a_project_on_github(self, train: Train, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_REPOSITORY", "someone/mlir-py-release")
        text = train.notes("snapshot-20261123.01", clone)
        assert f"--find-links {PAGE}/releases/expanded_assets/snapshot-20261123.01 a-sdk==" in text
        assert f"Since [`snapshot-20261122.02`]({PAGE}/releases/tag/snapshot-20261122.02): 2 commits " in text

    def test_a_tag_and_a_history_that_are_only_on_the_remote(self, train: Train, clone: Path) -> None:
        text = train.notes("snapshot-20261123.01", clone)
        shallow = train.world.clone("shallow", "--depth=1", "--no-tags")
        before = git(shallow, "for-each-ref"), git(shallow, "status", "--porcelain")
        assert train.notes("snapshot-20261123.01", shallow) == text
        train.release("snapshot-20261124.01", train.world.upstream.head())
        (shallow / FILE_NAME).write_text("changed\n")
        later = train.notes("snapshot-20261124.01", shallow)
        assert "Since `snapshot-20261123.01`: no commits (" in later
        (shallow / FILE_NAME).unlink()
        git(shallow, "checkout", "--quiet", FILE_NAME)
        assert (git(shallow, "for-each-ref"), git(shallow, "status", "--porcelain")) == before

    def test_a_remote_that_does_not_answer(
        self, train: Train, clone: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = train.notes("snapshot-20261123.01", clone)
        git(clone, "remote", "set-url", "origin", "file:///nowhere/project.git")
        run_notes(
            ["snapshot-20261123.01", "--cache", str(train.world.root / "cache")],
            clone,
            train.world.upstream.url,
        )
        out, err = capsys.readouterr()
        assert out == text
        assert "the tags are taken as they are here" in err

    def test_upstream_out_of_reach(self, train: Train, clone: Path) -> None:
        text = train.notes("snapshot-20261123.01", clone, url="file:///nowhere/llvm.git")
        assert ", whose date was not at hand." in text
        assert "Since `snapshot-20261122.02`: not listed, for upstream's history was not at hand (" in text


def test_numbered_releases_of_one_line(train: Train) -> None:
    train.release("llvm-22.1.8.01", train.world.pinned)
    fix = train.world.upstream.commit(
        "[mlir][python] Mend it (#9)", {"mlir/python/x.py": "mended\n"}, branch="release/22.x"
    )
    train.release("snapshot-20261122.01", train.world.newest)
    train.release("llvm-22.1.9.01", fix)
    folder = train.world.clone("clone")
    text = train.notes("llvm-22.1.9.01", folder)
    assert "Version `22.1.9`, built from LLVM 22.1.9 (`llvmorg-22.1.9`)" in text
    assert "\npip install --no-deps --no-index --find-links FOLDER the-bindings==22.1.9 && " in text
    assert "- `0001-python-3.9.patch`: Upstream asks CMake for Python 3.10 since LLVM 22" in text
    assert "Since `llvm-22.1.8.01`: 1 commit (" in text
    assert "`[mlir][python] Mend it (#9)`" in text
    assert RELEASE in train.notes("llvm-22.1.8.01", folder)


class TestFiles:
    @pytest.fixture
    def wheelhouse(self, tmp_path: Path) -> Path:
        folder = tmp_path / "wheelhouse"
        folder.mkdir()
        for name in (
            "the_bindings-24.0.0.dev2026112301-cp312-cp312-linux_x86_64.whl",
            "the_bindings-24.0.0.dev2026112301.tar.gz",
            "the_bindings-24.0.0.dev2026112202-cp312-cp312-linux_x86_64.whl",
            "a|sdk-24.0.0.dev2026112301.tar.gz",
            "notes.txt",
            "broken.whl",
        ):
            (folder / name).write_bytes(name.encode() * 10_000)
        return folder

    def test_those_of_the_version_with_their_sha256(
        self, train: Train, clone: Path, wheelhouse: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "notes.md"
        said = train.notes("snapshot-20261123.01", clone, "--wheelhouse", wheelhouse, "--output", output)
        assert f"4 files in {wheelhouse} are not of 24.0.0.dev2026112301: left out" in said
        assert str(output) in said
        table = output.read_text().partition("## Files\n\n")[2].splitlines()
        assert table[:2] == ["| File | MB | SHA-256 |", "| --- | ---: | --- |"]
        names = [line.split("`")[1] for line in table[2:]]
        assert names == [
            "the_bindings-24.0.0.dev2026112301-cp312-cp312-linux_x86_64.whl",
            "the_bindings-24.0.0.dev2026112301.tar.gz",
        ]
        for name, line in zip(names, table[2:], strict=True):
            raw = (wheelhouse / name).read_bytes()
            assert line == f"| `{name}` | {len(raw) / 1e6:.1f} | `{hashlib.sha256(raw).hexdigest()}` |"

    def test_none_of_the_version_is_one_line(self, train: Train, clone: Path, wheelhouse: Path) -> None:
        with pytest.raises(
            UserError, match=r"has no wheel or sdist of version 24\.0\.0\.dev2026112201; name"
        ):
            train.notes("snapshot-20261122.01", clone, "--wheelhouse", wheelhouse)


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            ([], "arguments are required: TAG"),
            (["v1.0"], "'v1.0' is not a tag like snapshot-20261123.01"),
            (["snapshot-20261130.01"], "there is no tag snapshot-20261130.01, neither on origin nor here"),
            (["snapshot-20261123.01", "--output", "nowhere/notes.md"], "nowhere is not a folder"),
        ],
    )
    def test_they_are_one_line(
        self, train: Train, clone: Path, words: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(train.world.root)
        with pytest.raises(UserError) as caught:
            run_notes([*words, "--cache", str(train.world.root / "cache")], clone, train.world.upstream.url)
        assert complaint in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_malformed_patch_of_the_tag_is_named(self, train: Train) -> None:
        train.release("snapshot-20261122.01", train.world.cut, **{"patches/0007-x.patch": "no header\n"})
        with pytest.raises(UserError, match=r"^snapshot-20261122\.01: patches/0007-x\.patch: there is no"):
            train.notes("snapshot-20261122.01", train.world.clone("clone"))
