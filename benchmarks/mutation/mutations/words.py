"""Names with one letter wrong."""

from __future__ import annotations

import keyword
from random import Random
from string import ascii_lowercase


def misspelt(name: str, random: Random) -> str:
    """The name with a letter dropped, doubled, exchanged with its neighbour, or another one in its place."""
    while True:
        at = random.randrange(len(name))
        head, letter, tail = name[:at], name[at], name[at + 1 :]
        made = random.choice(
            (
                head + tail,
                head + letter + letter + tail,
                head + tail[:1] + letter + tail[1:],
                head + random.choice(ascii_lowercase) + tail,
            )
        )
        if made != name and made.isidentifier() and not keyword.iskeyword(made):
            return made
