"""Printed text stands on a page as a terminal would have left it."""

from __future__ import annotations

import pytest

from lessonkit.press.page.printed import printed


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("".join(f"\r{share}%" for share in range(101)), "100%"),
        ("working…\r\x1b[Kdone\n", "done\n"),
        ("abc\b\bX\n", "aXc\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("\x1b[31mred\x1b[0m \x1b[1;38;5;9mbold\x1b[m", "red bold"),
        ("\x1b]8;;https://x.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("outer 0\ninner 0\x1b[A\router 1\n\rinner 9", "outer 1\ninner 9"),
        ("a\tb", "a       b"),
        ("bell\x07 and end\x1b", "bell and end"),
        (
            "[<matplotlib.lines.Line2D object at 0x7f50c0ffee00>]",
            "[<matplotlib.lines.Line2D object>]",
        ),
        ("at 0x10 nothing is left out", "at 0x10 nothing is left out"),
    ],
)
def test_it_is_as_a_terminal_leaves_it(said: str, stands: str) -> None:
    assert printed(said) == stands
