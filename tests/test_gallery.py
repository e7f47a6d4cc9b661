"""Scripts written for sphinx-gallery run and show as they do there."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from workshop import Workshop, assert_sound, tags

from lessonkit.press.page import evidence, notebook, outputs
from lessonkit.press.page.outputs import Output
from lessonkit.press.run import outputs as values

pytestmark = pytest.mark.slow

SETTINGS = '[tool.lessonkit]\ntext = "rst"\nlibraries = ["numpy"]\n'

DRAWING = '''
"""
=======
Drawing
=======

.. image:: ../nowhere.png

.. figure:: logo.png
   :alt: A logo

See :func:`~matplotlib.pyplot.plot`.
"""
# sphinx_gallery_thumbnail_number = -1
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1)).suptitle("Two\\nlines")
plt.figure(figsize=(2, 1))
plt.title("left", loc="left")
plt.title("middle")
plt.show()

# %% untitled
plt.figure(figsize=(1, 2), facecolor="red")
plt.plot([1, 2])

# %%
# sphinx_gallery_defer_figures

plt.figure(figsize=(1, 1))
plt.xlabel("time")

# %% deferred
plt.ylabel("speed")
'''

VALUES = '''
"""
Values
======
"""
assert __name__ == "__main__"
assert "__file__" not in globals()
assert __doc__ == ""
open("beside.txt").read()

# %% framed
print("first", end="")


class Frame:
    def _repr_html_(self):
        return "<b onclick='evil()'>bold</b>"

    def __str__(self):
        return "as printed"


Frame()

# %% quiet
Frame();  # as in a notebook

# %% as-text
# sphinx_gallery_capture_repr_block = ("__repr__",)
Frame()

# %% as-printed
# sphinx_gallery_capture_repr_block = ("__str__",)
Frame()

# %% a-class
Frame

# %% scripted


class Plot:
    def __repr__(self):
        return "a plot"

    def _repr_html_(self):
        return "<div><script>plot()</script></div>"


Plot()
'''

MOVING = '''
"""
Moving
======
"""
import matplotlib.animation as animation
import matplotlib.pyplot as plt

# %% moved
figure, ax = plt.subplots(figsize=(2, 1))
(line,) = ax.plot([], [])
ax.set(xlim=(0, 3), ylim=(0, 3), title="A line grows")
ani = animation.FuncAnimation(figure, lambda n: line.set_data(range(n), range(n)), 3)
'''


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("gallery") / "course")
    made.write("pyproject.toml", SETTINGS)
    made.write("lessons/plots/beside.txt", "data")
    Image.new("RGB", (2, 3)).save(made.root / "lessons/plots/logo.png")
    for name, text in {"drawing": DRAWING, "values": VALUES, "moving": MOVING}.items():
        made.write(f"lessons/plots/{name}.py", text)
        made.write(f"docs/{name}.md", f"---\ndescription: d\nlesson: plots/{name}\n---\n# {name}\n")
    made.build()
    return made


def put_out(project: Workshop, name: str) -> dict[str, Output]:
    """What each named cell of a lesson put out."""
    entry = project.entry(f"plots/{name}")
    assert entry.script is not None
    assert entry.run is not None
    cells = zip(entry.script.code, outputs.by_cell(entry.script, entry.run), strict=True)
    return {cell.name or str(cell.line): shown[0] for cell, shown in cells if shown}


def page_of(project: Workshop, lesson: str, cell: str) -> str:
    entry = project.entry(f"plots/{lesson}")
    html = evidence.cell(entry, cell, lambda target: target, cell)
    assert_sound(html)
    return html


def picture(project: Workshop, lesson: str, path: str) -> Image.Image:
    run = project.entry(f"plots/{lesson}").run
    assert run is not None
    return Image.open(io.BytesIO(run.read(path)))


def test_every_picture_says_in_words_what_stands_over_it(gallery: Workshop) -> None:
    first, untitled, deferring, deferred = put_out(gallery, "drawing").values()
    assert [drawn.words for drawn in first.pictures] == ["Two lines", "left, middle"]
    assert [drawn.words for drawn in untitled.pictures] == ["Drawing: figure 3"]
    assert deferring.pictures == ()
    assert [drawn.words for drawn in deferred.pictures] == ["speed over time"]


def test_no_label_is_cut_off(gallery: Workshop) -> None:
    drawn = picture(gallery, "drawing", put_out(gallery, "drawing")["deferred"].pictures[0].still)
    assert drawn.width > 144  # an inch of axes, and its labels beside it
    edges = drawn.convert("L").resize(drawn.size)
    assert all(edges.getpixel((x, 0)) == 255 for x in range(drawn.width))


def test_the_card_shows_what_the_script_asks_for(gallery: Workshop) -> None:
    entry = gallery.entry("plots/drawing")
    assert entry.run is not None
    assert entry.card == entry.run.read(put_out(gallery, "drawing")["deferred"].pictures[0].still)
    assert entry.unmet == ""


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("thumbnail_number = 9", "there is no picture 9, for the lesson draws 4"),
        ("thumbnail_path = '_static/x.png'", "there is no x.png; its card shows the first"),
    ],
)
def test_a_card_that_cannot_be_is_a_warning(gallery: Workshop, comment: str, says: str) -> None:
    script = "lessons/plots/drawing.py"
    gallery.replace(script, "thumbnail_number = -1", comment)
    try:
        entry = gallery.entry("plots/drawing")
        assert says in entry.unmet
        assert entry.run is not None
        assert entry.card == entry.run.read("figures/_cell-0-1.png")
        outcome = gallery.do("check")
        assert says in outcome.out + outcome.err
    finally:
        gallery.replace(script, comment, "thumbnail_number = -1")


def test_a_value_is_shown_as_its_script_wants_it(gallery: Workshop) -> None:
    shown = put_out(gallery, "values")
    assert shown["framed"].texts("box")[0] == ""
    assert "<b>bold</b>" in shown["framed"].texts("box")[1]
    assert shown["quiet"].texts("box") == ("", "")
    assert shown["as-text"].texts("box") == ("<__main__.Frame object>", "")
    assert shown["as-printed"].texts("box") == ("as printed", "")
    assert shown["a-class"].texts("box") == ("<class '__main__.Frame'>", "")
    assert shown["scripted"].texts("box") == ("a plot", "")


def test_a_page_holds_the_html_and_nothing_that_runs(gallery: Workshop) -> None:
    html = page_of(gallery, "values", "framed")
    assert "<pre>first</pre>" in html
    assert "<b>bold</b>" in html
    assert "evil" not in html.partition("lk-output")[2]
    assert "sphinx_gallery" not in page_of(gallery, "values", "as-text")


def test_what_moves_stands_still_for_who_asks_for_it(gallery: Workshop) -> None:
    html = page_of(gallery, "moving", "moved")
    (still,), (moving,) = tags(html, "source"), tags(html, "img")
    assert (still["media"], moving["alt"]) == ("(prefers-reduced-motion: reduce)", "A line grows")
    drawn = put_out(gallery, "moving")["moved"].pictures[0]
    assert picture(gallery, "moving", drawn.moving).n_frames > 1
    assert picture(gallery, "moving", drawn.still).format == "PNG"
    for source in (still["srcset"], moving["src"]):
        assert Path(gallery.root, "docs", source).is_file()


def test_a_notebook_shows_the_same(gallery: Workshop) -> None:
    for name in ("values", "moving"):
        entry = gallery.entry(f"plots/{name}")
        assert entry.script is not None
        assert entry.run is not None
        cells = notebook.notebook(entry.script, entry.run)["cells"]
        shown = json.dumps([cell.get("outputs") for cell in cells])
        assert "evil" not in shown
        assert ("<picture><source" in shown) == (name == "moving")
        assert ("<b>bold</b>" in shown) == (name == "values")


def test_a_notebook_takes_the_pictures_of_its_text_with_it(gallery: Workshop) -> None:
    entry = gallery.entry("plots/drawing")
    assert entry.script is not None
    assert entry.run is not None
    _, intro, *_ = notebook.notebook(entry.script, entry.run)["cells"]
    assert "![A logo](attachment:0.png)" in "".join(intro["source"])
    assert set(intro["attachments"]["0.png"]) == {"image/png"}
    assert "![picture](../nowhere.png)" in "".join(intro["source"])


def test_a_cell_and_a_number_of_one_name_are_refused(gallery: Workshop) -> None:
    made = """
        '''Twice.'''
        from lessonkit.evidence import Lesson

        lesson = Lesson("plots/twice")
        # %% gap
        lesson.number("gap", 0.5)
        """
    gallery.write("lessons/plots/twice.py", made)
    outcome = gallery.do("build", "plots/twice")
    assert outcome.code == 1
    says = "plots/twice.py:6: the cell is named 'gap', and so is a number that the lesson publishes"
    assert says in outcome.out + outcome.err


def test_half_a_character_spoils_no_lesson() -> None:
    kept = values.value_of("\ud800")
    assert (kept["value"], kept["text"]) == ("'\\ud800'", "?")
