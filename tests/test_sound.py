"""A sound is played on the page and in the notebook, and its words stand beside it."""

from __future__ import annotations

import math
import wave
import zipfile
from array import array
from pathlib import Path

import markdown
import pytest
from workshop import Workshop, assert_sound, tags, walks

from lessonkit.evidence import EvidenceError, Lesson, session
from lessonkit.press.page import embed, notebook, resolving

HUMMING = """
'''A hum.'''

import math

from lessonkit.evidence import Lesson

# %% sing
lesson = Lesson("walks/hum")
wave = [math.sin(0.3 * n) / 2 for n in range(800)]
lesson.sound("hum", wave, rate=8000, words='A "deep" hum & no more.', caption="It stays level.")
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("sound") / "course")
    made.write("lessons/walks/hum.py", HUMMING)
    made.build()
    return made


def samples(file: Path) -> list[int]:
    with wave.open(str(file)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 8000)
        return array("h", read.readframes(read.getnframes())).tolist()


def test_the_page_plays_the_very_samples(course: Workshop) -> None:
    place = resolving.Place("hum.md", "hum/", "walks/hum")
    ours = embed.EmbedExtension(course.settings, lambda: place)
    html = markdown.Markdown(extensions=[ours]).convert("[[hum]]")
    assert_sound(html)
    (player,) = tags(html, "button")
    assert player["aria-label"] == 'A "deep" hum & no more.'
    file = course.settings.pages_folder / player["data-sound"].removeprefix("../")
    expected = [round(32767 * math.sin(0.3 * n) / 2) for n in range(800)]
    assert samples(file) == expected
    assert "(0.1 s). It stays level." in html
    archive = zipfile.ZipFile(file.parent / "hum.zip")
    assert any(name.endswith("hum.wav") for name in archive.namelist())


def test_the_notebook_plays_it_and_says_what_it_is(course: Workshop) -> None:
    entry = course.entry("walks/hum")
    cells = notebook.notebook(entry.script, entry.run)["cells"]
    said, played = [output for cell in cells for output in cell.get("outputs", [])]
    assert "".join(said["text"]).startswith('A "deep" hum & no more. (0.1 s)')
    (audio,) = tags("".join(played["data"]["text/html"]), "audio")
    assert audio["src"].startswith("data:audio/wav;base64,UklGR")


def test_by_hand_it_says_where_it_lies(course: Workshop) -> None:
    result = course.run("lessons/walks/hum.py")
    assert "outputs/walks/hum/sounds/hum.wav" in result.stdout
    assert samples(course.root / "outputs/walks/hum/sounds/hum.wav")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"samples": [0.5, -1.5]}, "from -1 to 1, got 1.5. Divide them by the largest"),
        ({"samples": []}, "at least one value"),
        ({"samples": [math.nan]}, "finite"),
        ({"rate": 0}, "samples for each second, got 0"),
        ({"rate": 8000.5}, "rate: expected a whole number, got 8000.5"),
        ({"words": " "}, "words of sound 'hum', for who does not hear it"),
    ],
)
def test_what_nobody_can_hear_is_refused(tmp_path: Path, change, reason) -> None:
    session.begin(session.Session("quick", "cpu", tmp_path, by_hand=False))
    lesson = Lesson("walks/hum")
    given = {"samples": [0.5], "rate": 8000, "words": "A hum.", **change}
    with pytest.raises(EvidenceError, match=reason):
        lesson.sound("hum", given.pop("samples"), **given)
    session.begin(None)
