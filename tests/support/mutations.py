"""Things with something wrong: bytes that were damaged, documents that say something else."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

_JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "../../x",
    "\x1b[2J\n",
    "1" * 5000,
    [],
    {},
    [[]],
)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Bytes that were changed, cut, left out or repeated; they may happen to be the same."""
    changing = bytearray(data)
    match dice.randrange(5):
        case 0:
            for _ in range(dice.randint(1, 8)):
                changing[dice.randrange(len(changing))] = dice.randrange(256)
        case 1:
            del changing[dice.randrange(len(changing)) :]
        case 2:
            start = dice.randrange(len(changing))
            del changing[start : start + dice.randint(1, 64)]
        case 3:
            start, place = dice.randrange(len(changing)), dice.randrange(len(changing))
            changing[place:place] = changing[start : start + dice.randint(1, 64)]
        case _:
            # Where an archive has its list, and a document its end.
            place = dice.randrange(max(0, len(changing) - 600), len(changing))
            changing[place] ^= 1 << dice.randrange(8)
    return bytes(changing)


def mutated_json(document: Any, dice: random.Random) -> Any:
    """A document of which one value is another one, is missing, or is there twice."""
    changed = copy.deepcopy(document)
    places = list(_places(changed))
    holder, key = dice.choice(places)
    match dice.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(holder[key])
        case 4 | 5 if isinstance(holder[key], str | int) and re.search(r"\d", str(holder[key])):
            holder[key] = type(holder[key])(_alike(str(holder[key]), dice))
        case 2 if isinstance(holder[key], str):
            holder[key] = mutated(holder[key].encode() or b"x", dice).decode("utf-8", "replace")
        case _:
            holder[key] = dice.choice(_JUNK)
    return changed


def _alike(text: str, dice: random.Random) -> str:
    """The same with another digit in one place: of the same form, which only a comparison notices."""
    place = dice.choice([it.start() for it in re.finditer(r"\d", text)])
    return f"{text[:place]}{dice.choice([it for it in '123456789' if it != text[place]])}{text[place + 1 :]}"


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]
