"""CMake's language, as far as installed files need it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk_exports import code

cmake_file = code("cmake_file")
UnknownForm = cmake_file.UnknownForm


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "list", "add_library"]),
            st.lists(st.text("abZ;/${}._-", min_size=1, max_size=8), max_size=4),
            st.sampled_from(["", "# a comment with (\n", "\n\n"]),
        ),
        max_size=6,
    )
)
def test_a_file_is_read_and_written_as_it_is(commands: list[tuple[str, list[str], str]]) -> None:
    text = "".join(
        f"{lead}{name}({' '.join(map(cmake_file.quoted, [[word] for word in words]))})\n"
        for name, words, lead in commands
    )

    file = cmake_file.parse(text)

    assert file.text() == text
    assert [(command.name, list(command.values())) for command in file.commands] == [
        (name, words) for name, words, _ in commands
    ]


@pytest.mark.parametrize("text", ["set(A", "<html>", 'set(A "b)'])
def test_what_is_not_cmake_is_refused(text: str) -> None:
    with pytest.raises(UnknownForm):
        cmake_file.parse(text)


def test_parentheses_quotes_and_comments_are_part_of_arguments() -> None:
    text = 'if(A AND (B OR "c)\\"d")) # e\nendif()\n'

    first, second = cmake_file.parse(text).commands

    assert first.values() == ("A", "AND", "(", "B", "OR", 'c)\\"d', ")")
    assert second.name == "endif"
