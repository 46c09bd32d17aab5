from __future__ import annotations

import dataclasses
import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.tags import Snapshot
from mlir_release.train.retention import BadKeepList, Fate, Known, ensure_known, fates, read_keep, table

TODAY = dt.date(2026, 11, 23)
COMMITS = [f"{number:040x}" for number in range(6)]
WHERE = "pyproject.toml of main"

KNOWN = st.builds(
    Known,
    tag=st.builds(
        Snapshot,
        st.integers(-3, 400).map(lambda days: TODAY - dt.timedelta(days)),
        st.integers(1, 3),
    ),
    pins=st.sampled_from([*COMMITS, None]),
    published=st.booleans(),
    draft=st.sampled_from([False, False, False, True]),
)
HISTORIES = st.lists(KNOWN, unique_by=lambda it: it.tag, max_size=200)
PINNED = st.dictionaries(st.sampled_from(COMMITS[:3]), st.just("branch main"), max_size=2)
KEPT = st.lists(st.sampled_from(COMMITS[2:5]), max_size=1)


def days_ago(days: int, *, number: int = 1, pins: str | None = COMMITS[0], published: bool = True) -> Known:
    return Known(tag=Snapshot(TODAY - dt.timedelta(days), number), pins=pins, published=published)


def judged(
    history: list[Known],
    pinned: dict[str, str] | None = None,
    *keep: str,
    yanked: tuple[str, ...] = (),
    today: dt.date = TODAY,
) -> tuple[Fate, ...]:
    return fates(history, today=today, pinned=pinned or {}, keep=keep, yanked=yanked)


def going(found: tuple[Fate, ...]) -> set[Snapshot]:
    return {fate.snapshot.tag for fate in found if not fate.stays}


@given(history=HISTORIES, pinned=PINNED, kept=KEPT, named=st.integers(0, 199))
def test_the_rule(history: list[Known], pinned: dict[str, str], kept: list[str], named: int) -> None:
    keep = [*kept, *(str(it.tag) for it in history[named : named + 1])]
    gone = going(judged(history, pinned, *keep))
    newer = sorted((it.tag for it in history), reverse=True)
    published = [it.tag for it in history if it.published]
    for it in history:
        old = it.tag.day < TODAY - dt.timedelta(60)
        wanted = str(it.tag) in keep or it.pins in keep or it.pins in pinned
        visible = [other for other in history if other.published and other.tag > it.tag]
        recent = newer.index(it.tag) < 60 or (it.published and len(visible) < 60)
        certain = it.pins is not None and not it.draft
        week = [tag for tag in published if tag.day.isocalendar()[:2] == it.tag.day.isocalendar()[:2]]
        month = [tag for tag in published if f"{tag.day:%Y%m}" == f"{it.tag.day:%Y%m}"]
        first = it.tag == min(month, default=None) or (
            it.tag == min(week, default=None) and it.tag.day >= TODAY - dt.timedelta(365)
        )
        assert (it.tag in gone) == (old and certain and not wanted and not recent and not first)


@given(history=HISTORIES, weeks=st.integers(0, 120))
def test_whoever_pins_by_week_or_month_finds_something(history: list[Known], weeks: int) -> None:
    """Also after years of pruning every week."""
    left = [dataclasses.replace(it, published=True, draft=False, pins=COMMITS[0]) for it in history]
    days = [it.tag.day for it in left]
    for week in range(weeks + 1):
        today = TODAY + dt.timedelta(weeks=week)
        gone = going(judged(left, today=today))
        left = [it for it in left if it.tag not in gone]
    assert {f"{day:%Y%m}" for day in days} == {f"{it.tag.day:%Y%m}" for it in left}
    # A week that is a year old in part may have lost what was left of it.
    recent = {day.isocalendar()[:2] for day in days if (today - day).days <= 365 - 6}
    assert recent <= {it.tag.day.isocalendar()[:2] for it in left}
    assert {day for day in days if (today - day).days <= 60} <= {it.tag.day for it in left}


@pytest.mark.parametrize(("days", "goes"), [(365, False), (366, True)])
def test_a_week_is_kept_for_a_year(days: int, *, goes: bool) -> None:
    newest = [days_ago(0, number=number) for number in range(1, 61)]
    old = days_ago(days)
    first_of_month = dataclasses.replace(old, tag=Snapshot(old.tag.day.replace(day=1), 1))
    assert old.tag.day.day > 8
    assert going(judged([first_of_month, old, *newest])) == ({old.tag} if goes else set())


def test_a_yanked_one_stays_and_stands_for_no_other() -> None:
    newest = [days_ago(0, number=number) for number in range(1, 61)]
    old = [days_ago(100, number=number) for number in (1, 2, 3)]
    yanked = (str(old[0].tag),)
    rows = list(table(judged([*old, *newest], yanked=yanked)))
    assert rows == [
        (str(old[0].tag), "stays: it is yanked, and who pins it must find it"),
        (str(old[1].tag), "stays: the first of its month"),
        (str(old[2].tag), "goes"),
    ]


@given(history=HISTORIES, pinned=PINNED, kept=KEPT, data=st.data())
def test_what_was_stopped_anywhere_goes_on_to_the_same_end(
    history: list[Known], pinned: dict[str, str], kept: list[str], data: st.DataObject
) -> None:
    first = judged(history, pinned, *kept)
    left = []
    for it in history:
        if it.tag in going(first):
            done = data.draw(st.sampled_from(["all", "release", "nothing"]))
            if done == "all":
                continue
            left.append(dataclasses.replace(it, published=it.published and done == "nothing"))
        else:
            left.append(it)
    second = judged(left, pinned, *kept)
    assert going(second) == going(first) & {it.tag for it in left}
    assert [fate for fate in second if fate.stays] == [fate for fate in first if fate.stays]


@given(history=HISTORIES, days=st.integers(0, 100))
def test_a_day_more_only_makes_more_go(history: list[Known], days: int) -> None:
    later = judged(history, today=TODAY + dt.timedelta(days))
    assert going(judged(history)) <= going(later)


@pytest.mark.parametrize(("days", "goes"), [(60, False), (61, True)])
def test_sixty_days(days: int, *, goes: bool) -> None:
    newest = [days_ago(0, number=number) for number in range(1, 61)]
    first = dataclasses.replace(days_ago(0), tag=Snapshot(dt.date(2026, 9, 1), 1))
    assert (TODAY - dt.timedelta(days)).month == 9
    week = dataclasses.replace(days_ago(0), tag=Snapshot(dt.date(2026, 9, 21), 1))
    assert bool(going(judged([first, week, days_ago(days), *newest]))) == goes


def test_tags_that_were_never_published_do_not_push_out_what_people_can_install() -> None:
    published = [days_ago(90, number=number) for number in range(1, 31)]
    built_never = [days_ago(10, number=number, published=False) for number in range(1, 91)]
    assert not going(judged([*published, *built_never]))


def test_why_an_old_one_stays() -> None:
    newest = [days_ago(0, number=number) for number in range(1, 61)]
    old = [days_ago(100, number=number, pins=COMMITS[number]) for number in range(1, 5)]
    old[3] = dataclasses.replace(old[3], pins=None)
    draft = dataclasses.replace(days_ago(99), draft=True)
    pinned = {COMMITS[2]: "llvm-22.1.8.01"}
    first, goes = days_ago(105), days_ago(99, number=2)
    assert first.tag.day.isocalendar()[:2] == goes.tag.day.isocalendar()[:2]
    rows = table(judged([*newest, first, *old, draft, goes], pinned, COMMITS[1], str(old[2].tag)))
    assert [row for _, row in rows] == [
        "stays: the first of its month",
        "stays: on the keep list",
        "stays: llvm-22.1.8.01 pins the same commit",
        "stays: on the keep list",
        "stays: what it pins is not known",
        "stays: its release is a draft, which is for people to decide on",
        "goes",
    ]


@given(keep=st.lists(st.one_of(st.sampled_from(COMMITS), KNOWN.map(lambda it: str(it.tag)))))
def test_the_keep_list_is_read(keep: list[str]) -> None:
    text = f"[tool.ruff]\nline-length = 110\n[tool.mlir-release]\nkeep = {keep!r}\n"
    assert list(read_keep(text, WHERE)) == keep


@pytest.mark.parametrize("text", [None, "", "[tool.ruff]\n", "[tool.mlir-release]\nother = 1\n"])
def test_without_a_keep_list(text: str | None) -> None:
    assert read_keep(text, WHERE) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keep = [", "not TOML"),
        ("x = " + "[" * 9000, "not TOML"),
        ("tool = 1", "tool is not a table"),
        ("[tool]\nmlir-release = []", "mlir-release is not a table"),
        ("[tool.mlir-release]\nkeep = 'snapshot-20261123.01'", "not a list"),
        ("[tool.mlir-release]\nkeep = [1]", "keep has 1"),
        ("[tool.mlir-release]\nkeep = ['snapshot-20261123']", "keep has 'snapshot-20261123'"),
        ("[tool.mlir-release]\nkeep = ['snapshot-20261323.01']", "keep has 'snapshot-20261323.01'"),
        ("[tool.mlir-release]\nkeep = ['ca7933e47']", "keep has 'ca7933e47'"),
        ("[tool.mlir-release]\nkeep = ['two\\nlines']", "keep has"),
    ],
)
def test_a_keep_list_that_cannot_be_read_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BadKeepList, match=said) as caught:
        read_keep(text, WHERE)
    assert len(str(caught.value).splitlines()) == 1
    assert "nothing was removed" in str(caught.value)


@given(text=st.text(max_size=100))
def test_any_text_is_read_or_refused(text: str) -> None:
    found: object = ()
    with suppress(BadKeepList):
        found = read_keep(text, WHERE)
    assert found == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("snapshot-20261101.09", "there is no tag"),
        ("llvm-22.1.8.02", "there is no tag"),
        ("f" * 40, "no snapshot pins"),
    ],
)
def test_a_slip_in_the_keep_list(entry: str, said: str) -> None:
    history = ["snapshot-20261101.01", "llvm-22.1.8.01"]
    ensure_known(history, history, WHERE)
    with pytest.raises(BadKeepList, match=f"{said} {entry}"):
        ensure_known([entry], history, WHERE)
