"""Formulas in the texts that a lesson publishes, and measured values in headings and titles."""

from __future__ import annotations

import re

import markdown
import pytest
from workshop import Workshop, walks

from lessonkit.press.page import embed, formulas, resolving
from lessonkit.press.page.templates import spread, value, words
from lessonkit.press.site import cards

LESSON = r"""
    r'''Walks of $\alpha^2$ cost \$5.

    Text.
    '''

    # %% setup
    import matplotlib.pyplot as plt
    from lessonkit.evidence import Lesson
    from lessonkit.figures.drawing import Drawing

    lesson = Lesson("walks/signs")
    lesson.number("speed", [3.0, 4.0, 5.0], unit=r"$\mu$s", label=r"time $t$")
    rows = {r"$\beta_0$": {r"$\beta$": [1.0], "v": "costs $5 and $6"}}
    lesson.table("tab", r"of $\delta$", rows, caption=r"Table of $\gamma$")
    claimed = [1.0, 1.1, 1.2, 1.3, 1.4]
    still = {r"with $\tau$ = 0": [0.1] * 5}
    lesson.claim("bounded", r"Then $x_1$ is {rule}", claimed, above=0.5, unit=r"$\mu$s", trap=still)
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    drawn = Drawing(figure, {"a": [1, 2]}, r"$\alpha$ from 1 to 2.")
    lesson.figure("curve", drawn, caption=r"Curve of $\alpha$")
"""

PAGE = r"""
    ---
    title: Walks of $\alpha$ are [[speed.median]]
    description: What.
    question: Is $x_1$ > 0?
    topic: About $\pi$
    lesson: walks/signs
    ---

    # Walks are [[speed.median]]

    ## At [[speed.median]], and $x$

    ## At [[speed.median]]

    ## Plain { #mine }

    ### Said [[speed.max]] { #own }

    [[tab]]

    [[curve]]

    [[bounded]]
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("texts"))
    made.write("lessons/walks/signs.py", LESSON)
    made.write("docs/signs.md", PAGE)
    made.build()
    return made


def shown(there: Workshop, text: str) -> str:
    place = resolving.Place("signs.md", "signs/", "walks/signs")
    ours = embed.EmbedExtension(there.settings, lambda: place)
    maths = ["pymdownx.arithmatex", "lessonkit.press.page.maths"]
    generic = {"pymdownx.arithmatex": {"generic": True}}
    return markdown.markdown(
        text, extensions=[ours, "attr_list", "toc", *maths], extension_configs=generic
    )


EVERY = ("tab", "curve", "bounded", "speed", "lesson-frame", "gallery", "evidence", "prerequisites")


@pytest.mark.parametrize("name", EVERY)
def test_every_text_of_a_lesson_is_typeset(there: Workshop, name: str) -> None:
    html = shown(there, f"[[{name}]]")
    seen = re.sub(r"<annotation.*?</annotation>", "", html, flags=re.S)
    seen = seen.replace("costs $5 and $6", "").replace("cost $5", "")
    assert "<math" in seen or name == "prerequisites"
    assert "$" not in seen
    assert not re.search(r'="[^"]*\\[a-z]', html), "no LaTeX in an attribute"


def test_what_is_spoken_of_a_figure_is_text(there: Workshop) -> None:
    html = shown(there, "[[curve]]")
    assert ">α from 1 to 2.</desc>" in html
    assert ">Curve of α</title>" in html
    assert 'alt="4 μs"' in shown(there, "![[[speed.median]]](x.png)").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"$\alpha^2$", "α²"),
        (r"$x_{10} \le \frac{a}{b}$", "x₁₀ ≤ a/b"),
        (r"$\frac{a+b}{2}$", "(a + b)/2"),
        (r"$\sqrt{2}$", "√2"),
        (r"$10^{-3}$ and `code`", "10⁻³ and code"),
        (r"5\$, $5 and $6", "5$, $5 and $6"),
        (r"$\nonsense$", r"$\nonsense$"),
        (r"$W^{\mathrm{out}}$", "W^out"),
        (r"\(f(x)\)", "f(x)"),
        (r"$f'(x)$", "f′(x)"),
    ],
)
def test_what_can_only_be_text_is_unicode(latex: str, text: str) -> None:
    assert formulas.plain(latex) == text


def test_code_is_no_formula_and_an_escaped_dollar_is_a_dollar() -> None:
    assert words(r"`a$b$c` for \$5") == "<code>a$b$c</code> for $5"
    assert "<math" in words("`a` $b$")
    assert words("$5-$6 <b>") == "$5-$6 &lt;b&gt;"
    assert value(r"3 $\mu$s").count("<math") == 1
    assert spread(r"3 $\mu$s (2 $\mu$s to 4 $\mu$s)").count("<math") == 3


def test_a_formula_that_cannot_be_read_is_told_and_shown_as_it_is() -> None:
    wrong = formulas.faults({"caption": r"a $\nonsense$", "rows": [[r"\(}\)", 3]]})
    assert len(wrong) == 2
    assert words(r"a $\nonsense$ <b>") == r"a $\nonsense$ &lt;b&gt;"


def test_the_anchor_of_a_heading_is_made_of_the_name_of_what_was_measured(there: Workshop) -> None:
    text = (there.root / "docs/signs.md").read_text("utf-8").split("---\n\n")[1]
    html = shown(there, text)
    ids = re.findall(r'<h\d id="([^"]*)"', html)
    first, *others = ids
    assert first == "walks-are-speed-median"
    assert others[0].startswith("at-speed-median-and-")
    assert others[1:] == ["at-speed-median", "mine", "own"]
    assert "At 4" in re.sub("<[^>]*>", "", html)


def test_two_headings_of_one_name_have_two_anchors(there: Workshop) -> None:
    html = shown(there, "## A [[speed.median]]\n\n## A [[speed.median]]\n\n## A speed median\n")
    ids = re.findall(r'<h\d id="([^"]*)"', html)
    assert len(set(ids)) == 3
    assert ids[0] == "a-speed-median"


def test_a_title_tells_what_was_measured(there: Workshop) -> None:
    assert there.entry("walks/signs").page_title == r"Walks of $\alpha$ are 4 $\mu$s"
    assert "[[" not in shown(there, "[[gallery]]")
    assert list(cards.drawn(there.course()))
