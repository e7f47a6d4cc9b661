"""Texts written for Sphinx become Markdown: the words stay, no markup is left over."""

from __future__ import annotations

import pytest

from lessonkit.press.lesson.restructured import markdown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Title\n=====\n\nSub\n---\n\nWords.", "# Title\n\n## Sub\n\nWords."),
        ("====\nOver\n====\n\nUnder\n~~~~~", "# Over\n\n## Under"),
        (":func:`~numpy.mean`, :class:`a.B`, :ref:`x`", "`mean`, `a.B`, `x`"),
        (":ref:`words <x>`, :doc:`words <y>`", "words, words"),
        (":math:`x^2` and ``code``", "$x^2$ and `code`"),
        ("`words <https://x.org>`_ and named_\n\n.. _named: https://y.org",
         "[words](https://x.org) and [named](https://y.org)"),
        ("Est.coef_ costs $5 * 2.", r"Est.coef\_ costs \$5 \* 2."),
        (".. note:: Mind.\n\n   More.", "> **Note**\n>\n> Mind.\n>\n> More."),
        (".. admonition:: Own\n\n   Words.", "> **Own**\n>\n> Words."),
        (".. versionadded:: 1.2\n   Words.", "> **Added in version 1.2**\n>\n> Words."),
        (".. math::\n   :label: eq\n\n   a &= b \\\\\n   c &= d",
         "$$\n\\begin{aligned}a &= b \\\\\nc &= d\\end{aligned}\n$$"),
        (".. code-block:: python\n   :emphasize-lines: 1\n\n   x = 1", "```python\nx = 1\n```"),
        ("As in::\n\n    a * b", "As in:\n\n```\na * b\n```"),
        (".. image:: a/b.png\n   :alt: A b\n   :srcset: 2x", "![A b](a/b.png)"),
        (".. figure:: b.png\n\n   Caption.", "![picture](b.png)\n\nCaption."),
        (".. contents::\n   :local:\n\nWords.", "Words."),
        (".. raw:: html\n\n   <script>\n\nWords.", "Words."),
        (".. grid:: 2\n\n   .. card:: Title\n      :b: x\n\n      Words.", "**Title**\n\nWords."),
        ("= =\nA B\n= =\n1 2\n= =", "| A | B |\n| --- | --- |\n| 1 | 2 |"),
        (".. list-table::\n\n   * - x\n     - y|z", "|  |  |\n| --- | --- |\n| x | y\\|z |"),
        (
            ".. list-table::\n\n   * - ``x | *y``\n     - :math:`|z|`",
            "|  |  |\n| --- | --- |\n| <code>x &#124; &#42;y</code> | $\\vert z\\vert $ |",
        ),
        ("Words [1]_.\n\n.. [1] Foot.", "Words \\[1\\].\n\n\\[1\\] Foot."),
        ("term\n  what it is", "- **term**\n\n  what it is"),
        (".. _label:\n\nWords.", "Words."),
        ("*half", r"\*half"),
    ],
)  # fmt: skip
def test_it_says_the_same_in_markdown(text: str, says: str) -> None:
    assert markdown([text]) == [says]


def test_what_one_text_defines_the_others_refer_to() -> None:
    first, code, last = markdown(
        ["See x_.\n\nSub\n---", "", "Sub two\n-------\n\n.. _x: https://x.org"]
    )
    assert (first, code, last) == ("See [x](https://x.org).\n\n# Sub", "", "# Sub two")


def test_a_text_that_does_not_end_takes_no_other_with_it() -> None:
    first, last = markdown([".. note::", "Words."])
    assert last == "Words."
    assert "lessonkit" not in first + last
