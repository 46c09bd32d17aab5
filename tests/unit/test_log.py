from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release import log

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = st.floats(min_value=0, max_value=1e7)
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@pytest.fixture(autouse=True)
def not_on_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def _read_back(text: str) -> float:
    assert re.fullmatch(r"\d+\.\d s|\d+ s|\d+ min \d+ s|\d+ h \d+ min", text)
    words = text.split()
    return sum(float(number) * _UNITS[unit] for number, unit in zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_as_people_read_them(seconds: float, text: str) -> None:
    assert log.duration(seconds) == text


@given(_SECONDS, _SECONDS)
def test_a_longer_time_never_reads_shorter(one: float, other: float) -> None:
    shorter, longer = sorted((one, other))
    assert _read_back(log.duration(shorter)) <= _read_back(log.duration(longer))


@given(_SECONDS)
def test_what_is_read_is_near_what_it_took(seconds: float) -> None:
    precision = 60 if seconds >= 3599.5 else 1
    assert abs(_read_back(log.duration(seconds)) - seconds) <= precision


def test_a_stage_has_a_heading_and_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    with log.stage("repair"):
        log.say("working")
    assert re.fullmatch(r"== repair\nworking\n   repair: took \d\.\d s\n", capsys.readouterr().out)


def test_a_stage_that_fails_says_so_and_lets_the_error_pass(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), log.stage("repair"):
        _ = 1 / 0
    assert "repair: failed after 0.0 s" in capsys.readouterr().out


def test_a_stage_is_a_group_on_github(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with log.stage("repair"):
        pass
    assert capsys.readouterr().out.splitlines()[:2] == ["::group::repair", "::endgroup::"]


def test_a_summary_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    log.summary("wheel", [("size", "106 MB"), ("compile time", "80 s")])
    assert capsys.readouterr().out == "== wheel\n   size          106 MB\n   compile time  80 s\n"


def test_a_summary_without_rows_is_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    log.summary("wheel", [])
    assert capsys.readouterr().out == "== wheel\n"


def test_a_summary_on_github_is_added_to_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    log.summary("wheel", [("--sdk", "auto|system"), ("two\nlines", "x")])
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before\n### wheel\n")
    assert "| --sdk | auto\\|system |\n| two lines | x |\n" in written


@given(st.text(st.characters(exclude_characters="\r\n")))
def test_any_text_can_be_said_on_any_stream(text: str) -> None:
    for encoding in ("ascii", "cp1252", "utf-8"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            log.say(text)
        assert stream.buffer.getvalue().endswith(b"\n")


def _progress(capsys: pytest.CaptureFixture[str], lines: list[str], interval: float) -> list[str]:
    progress = log.Progress(interval=interval)
    for line in lines:
        progress(line)
    return capsys.readouterr().out.splitlines()


def test_progress_counts_ninjas_steps(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _progress(capsys, [f"[{n}/3] Building x\n" for n in (1, 2, 3)], interval=0)
    assert [line.split()[0] for line in shown] == ["[1/3]", "[2/3]", "[3/3]"]
    assert shown[-1].endswith(" elapsed")


def test_progress_counts_lits_tests(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _progress(
        capsys, ["PASS: MLIR :: IR/a.mlir (1 of 2)\n", "FAIL: MLIR :: IR/b (c).mlir (2 of 2)\n"], interval=0
    )
    assert [line.split()[0] for line in shown] == ["[1/2]", "[2/2]"]


def test_progress_estimates_once_it_has_a_pace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    shown = _progress(capsys, ["[1/5] x\n", "[2/5] x\n"], interval=0)
    assert [line.partition("elapsed")[2] for line in shown] == ["", ", about 30 s left"]


def test_progress_is_quiet_between_its_first_line_and_its_last(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _progress(capsys, [f"[{n}/9] Building x\n" for n in range(1, 10)], interval=3600)
    assert shown[-1].split()[0] == "[9/9]"
    assert len(shown) <= 2


def test_progress_passes_over_other_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert _progress(capsys, ["", "ninja: no work to do.\n", "warning: [1/2] x\n"], interval=0) == []


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=20))
def test_progress_bears_any_counts(counts: list[tuple[int, int]]) -> None:
    progress = log.Progress(interval=0)
    for done, total in counts:
        progress(f"[{done}/{total}] x\n")
