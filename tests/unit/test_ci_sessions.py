"""What only jobs need: room, keys of caches, tags of trials, advice after a failure; pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release import written_part
from mlir_release.ci import compiler_key, disk, reproduce, trial_tag
from mlir_release.container import image_for
from mlir_release.errors import UserError
from mlir_release.git import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    Outputs = Callable[[], dict[str, str]]

ROOT = Path(__file__).parents[2]
MUCH = 10**18


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outputs:
    """What a session hands on to later steps."""
    file = tmp_path / "outputs"
    file.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    return lambda: dict(line.split("=", 1) for line in file.read_text().splitlines())


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with one commit, of noon on 2026-11-23."""
    folder = tmp_path / "clone"
    folder.mkdir()
    when = "2026-11-23T12:00:00Z"
    identity = {
        f"GIT_{who}_{what}": "n@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    env = {"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, **identity}
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *words], cwd=folder, check=True, env=env)
    return folder


def test_where_there_is_room_nothing_is_removed(tmp_path: Path) -> None:
    (tmp_path / "android").mkdir()
    disk.make_room(tmp_path, 1, [tmp_path / "android"])
    assert (tmp_path / "android").is_dir()


def test_what_can_go_goes_before_the_job_is_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    removable = [tmp_path / "android", tmp_path / "missing", tmp_path / "swift"]
    for folder in (removable[0], removable[2]):
        folder.mkdir()
    with pytest.raises(UserError, match=r"this job needs 1000000000\.0 GB in .* are free"):
        disk.make_room(tmp_path, MUCH, removable)
    assert not any(it.exists() for it in removable)
    assert f"without {removable[2]}" in capsys.readouterr().out


def test_other_peoples_machines_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "self-hosted")
    with pytest.raises(UserError, match="are free"):
        disk.run(["--need", str(MUCH), "--cache", str(tmp_path)], tmp_path)
    assert "without" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--need", "much"], ["--need", "1", "--what"]])
def test_disk_says_what_it_can_be_told(words: list[str]) -> None:
    with pytest.raises(UserError, match="--need GB"):
        disk.parse(words)


@pytest.mark.skipif(sys.platform != "linux", reason="images are for Linux")
def test_the_key_of_a_container_is_that_of_its_image(outputs: Outputs, tmp_path: Path) -> None:
    found = []
    for words in (["--container"], ["--container", image_for("")], ["--container", "another"]):
        compiler_key.run([*words, "--cache", str(tmp_path)], ROOT)
        found.append(outputs()["key"])
    assert found[0] == found[1] != found[2]


def test_a_trial_has_the_last_tag_of_its_day(clone: Path, outputs: Outputs) -> None:
    trial_tag.run([], clone)
    trial_tag.run([], clone)
    assert outputs() == {"tag": "snapshot-20261123.99"}
    repository = Repository.open(clone)
    assert repository.ask("rev-parse", "snapshot-20261123.99") == repository.ask("rev-parse", "HEAD")


def test_a_tag_of_another_commit_is_left(clone: Path) -> None:
    other = subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", "commit-tree", "HEAD^{tree}", "-m", "other"],
        cwd=clone,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    subprocess.run(["git", "tag", "snapshot-20261123.99", other], cwd=clone, check=True)
    with pytest.raises(UserError, match="is at another commit; say git tag --delete"):
        trial_tag.put(Repository.open(clone))


def test_a_failure_says_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    words = ["--only", "cp39-x", "--sdk", "sdk/a.whl", "--tag", "llvm-22.1.8.01", "--cache", "/temp/store"]
    reproduce.tell("wheels", [*words, "--launcher=none"], ValueError("100% of it\nand more"))
    line = capsys.readouterr().out.strip()
    assert line == (
        "::error title=nox -s wheels::100%25 of it. To see it on your machine: nox -s wheels -- --only cp39-x"
        " --sdk sdk/a.whl --tag llvm-22.1.8.01 in a checkout of llvm-22.1.8.01; its wheels are artifacts of"
        " run 17 (gh run download 17), or leave out --sdk"
    )


def test_a_failure_without_a_tag_is_of_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    assert reproduce.advice("lint", []) == f"nox -s lint in a checkout of {'a' * 40}"


def test_elsewhere_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    reproduce.tell("lint", [], ValueError("x"))
    assert capsys.readouterr().out == ""


def test_only_the_part_between_the_marks_is_written(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    shutil.copy(ROOT / "docs/benchmarks.md", path)
    before = path.read_text(encoding="utf-8")
    for content in ("new\n", "newer\n"):
        written_part.replace(path, "bench", content)
        begin = "<!-- bench: written by nox -s bench -->\n"
        text = path.read_text(encoding="utf-8")
        assert f"{begin}{content}<!-- end of bench -->\n" in text
        assert text.partition(begin)[0] == before.partition(begin)[0]


def test_a_page_without_a_place_for_it_is_a_mistake_and_stays_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(UserError, match="put them back"):
        written_part.replace(page, "bench", "new\n")
    assert page.read_text() == "nothing"
