"""Reading CMake's commands: what was written in any of the language's forms is read back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.source.cmake_text import Command, NotCMake, commands, executed

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
# An argument as it is meant; how it is written is drawn apart.
PLAIN = st.from_regex(r"[A-Za-z0-9_.;/$<>{}:+-]{1,12}", fullmatch=True)
ANY = st.text(st.characters(exclude_categories=["C"], exclude_characters='"\\[]'), max_size=12)
BETWEEN = st.sampled_from([" ", "\n", "\t", " # a (comment\n", "\n#[[ and \n ) one ]] ", " #[=[ ]] ]=]\n"])


@st.composite
def written(draw: st.DrawFn) -> tuple[list[Command], str]:
    """Commands, and a text that has them."""
    wanted, text = [], draw(BETWEEN)
    for name in draw(st.lists(NAMES, max_size=4)):
        arguments = []
        text += f"{name}{draw(st.sampled_from(['', ' ']))}("
        for _ in range(draw(st.integers(0, 4))):
            form = draw(st.sampled_from(["{}", '"{}"', "[==[{}]==]", "({})"]))
            argument = draw(ANY if form[0] in '"[' else PLAIN)
            arguments.append(argument)
            text += draw(BETWEEN) + form.format(argument)
        text += f"{draw(BETWEEN)}){draw(BETWEEN)}"
        wanted.append(Command(name.lower(), tuple(arguments)))
    return wanted, text


@given(written())
def test_what_was_written_is_read(case: tuple[list[Command], str]) -> None:
    wanted, text = case
    assert list(commands(text)) == wanted


@given(written(), st.data())
def test_a_text_that_is_cut_short_has_no_other_commands(
    case: tuple[list[Command], str], data: st.DataObject
) -> None:
    wanted, text = case
    read = []
    try:
        for command in commands(text[: data.draw(st.integers(0, len(text)))]):
            read.append(command)  # noqa: PERF402 -- what was read before the error counts
    except NotCMake:
        pass
    assert read == wanted[: len(read)]


@given(st.text(max_size=40))
def test_anything_else_is_refused_or_read(text: str) -> None:
    with contextlib.suppress(NotCMake):
        list(commands(text))


@pytest.mark.parametrize(
    "text", ["set(", "set", 'set("', "(a)", "set(a))", "set(a) b", "#[[", "set([=[a)", '"a"(b)', "set(a\\"]
)
def test_no_cmake(text: str) -> None:
    with pytest.raises(NotCMake):
        list(commands(text))


def test_definitions_run_where_they_are_called() -> None:
    text = """
        function(add_interface name)
          add_mlir_library(MLIR${name} ${name}.cpp ${other})
        endfunction(add_interface)
        macro(never) \n set(x) \n endmacro()
        add_interface(Call EXTRA)
        ADD_INTERFACE(Cast)
        add_other(Call)
    """
    assert list(executed(text)) == [
        Command("add_mlir_library", ("MLIRCall", "Call.cpp", "${other}")),
        Command("add_mlir_library", ("MLIRCast", "Cast.cpp", "${other}")),
        Command("add_other", ("Call",)),
    ]
