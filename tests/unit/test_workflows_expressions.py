"""GitHub's expressions, as the local run of workflows understands them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow_expressions import BadExpression, Contexts, truth

CONTEXTS = Contexts(
    {
        "inputs": {"tag": "", "only": "cp39", "cache": True, "sdk-options": "--sdk system"},
        "needs": {"plan": {"outputs": {"sdk": '{"include": [{"target": "linux-x86_64"}]}'}}},
        "github": {"ref": "refs/heads/main"},
    },
    {"success": lambda: True, "failure": lambda: False},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.only", "cp39"),
        ("inputs.sdk-options", "--sdk system"),
        ("inputs.nothing", None),
        ("inputs.nothing.below", None),
        ("inputs.tag && format('refs/tags/{0}', inputs.tag) || 'head'", "head"),
        ("inputs.only && format('--only {0},py3', inputs.only) || ''", "--only cp39,py3"),
        ("inputs.cache && github.ref == 'refs/heads/main'", True),
        ("inputs.cache && github.ref != 'refs/heads/main'", False),
        ("github.ref == 'REFS/heads/MAIN'", True),
        ("!inputs.cache", False),
        ("!(inputs.tag == '')", False),
        ("'it''s'", "it's"),
        ("1 == '1'", True),
        ("inputs.nothing == ''", True),
        ("inputs.nothing == 'a'", False),
        ("false || 0 || 'last'", "last"),
        ("fromJSON(needs.plan.outputs.sdk).include", None),
    ],
)
def test_expressions_have_the_values_that_github_gives_them(text: str, value: Any) -> None:
    if text.endswith(".include"):
        with pytest.raises(BadExpression, match="not expected"):
            CONTEXTS.evaluate(text)
    else:
        assert CONTEXTS.evaluate(text) == value


def test_a_value_that_is_one_expression_keeps_its_type() -> None:
    resolved = CONTEXTS.resolve(
        {"matrix": "${{ fromJSON(needs.plan.outputs.sdk) }}", "n": [1, "${{ true }}"]}
    )
    assert resolved == {"matrix": {"include": [{"target": "linux-x86_64"}]}, "n": [1, True]}


def test_expressions_inside_of_text_become_text() -> None:
    assert CONTEXTS.resolve("a-${{ inputs.only }}-${{ inputs.cache }}-${{ inputs.no }}.") == "a-cp39-true-."


@pytest.mark.parametrize(
    "text", ["", "inputs.", "(1", "'open", "1 2", "format('a'", "unknown()", "secrets.TOKEN", "&& 1", "a b"]
)
def test_what_is_no_expression_or_not_known_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        CONTEXTS.evaluate(text)


@pytest.mark.parametrize(
    ("condition", "well", "holds"),
    [
        (None, True, True),
        (None, False, False),
        ("inputs.cache", False, False),
        ("inputs.tag == ''", True, True),
        ("${{ !inputs.cache }}", True, False),
        ("failure()", True, False),
    ],
)
def test_conditions(condition: str | None, *, well: bool, holds: bool) -> None:
    assert CONTEXTS.holds(condition, well=well) is holds


def test_a_condition_that_asks_for_the_status_is_asked_after_a_failure() -> None:
    failed = Contexts({}, {"failure": lambda: True})
    assert failed.holds("failure()", well=False)


@given(st.text(alphabet=st.characters(exclude_characters="'"), max_size=20))
def test_strings_come_back_as_they_were(text: str) -> None:
    assert CONTEXTS.evaluate(f"'{text}'") == text


_VALUES = {"true": True, "false": False, "null": None, "''": "", "'a'": "a", "0": 0, "7": 7}


@given(st.lists(st.sampled_from(list(_VALUES)), min_size=2, max_size=6))
def test_the_first_true_value_wins(words: list[str]) -> None:
    values = [_VALUES[word] for word in words]
    expected = next((value for value in values[:-1] if truth(value)), values[-1])
    assert CONTEXTS.evaluate(" || ".join(words)) == expected
