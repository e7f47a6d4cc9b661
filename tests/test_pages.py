"""Pages: what their front matter says, and everything that `lessonkit check` says about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from workshop import Workshop, copied, walks

from lessonkit.press.course import pages
from lessonkit.press.site import check

SECOND = """
'''Another walk.'''

from lessonkit.evidence import Lesson

# %%
lesson = Lesson("walks/again")
lesson.claim("NAME", "2 < 3.", 2.0, below=3.0, trap={"4 < 3": 4.0}, exact=True)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = walks(tmp_path_factory.mktemp("pages") / "course")
    made.write("lessons/walks/again.py", SECOND.replace("NAME", "two-below-three"))
    made.replace("docs/index.md", "# Home\n", "# Home\n\n[[walks/again:lesson-claims]]\n")
    made.build()
    return made


@pytest.fixture
def there(course: Workshop, tmp_path: Path) -> Workshop:
    """A copy to break."""
    return copied(course, tmp_path / "course")


def read(project: Workshop, text: str, name: str = "page") -> pages.Page:
    file = project.root / f"docs/{name}.md"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode())
    return pages.read(project.settings, file)


def found(project: Workshop) -> list[str]:
    return [str(finding) for finding in check.check(project.course())]


def only(project: Workshop) -> str:
    """The one thing that is wrong."""
    (finding,) = found(project)
    return finding


def page(project: Workshop, *lines: str, body: str = "# x\n") -> None:
    project.write("docs/new.md", "\n".join(["---", "description: New.", *lines, "---", "", body]))


def test_the_front_matter_is_read(there: Workshop) -> None:
    it = read(there, "---\ntitle: Far\nlesson: walks/stray\nprerequisites: [a, b]\n---\nText\n")
    assert (it.title, it.lesson, it.prerequisites) == ("Far", "walks/stray", ["a", "b"])
    assert (it.body, it.first_line) == ("Text\n", 6)


@pytest.mark.parametrize(
    ("text", "body", "line"),
    [
        ("Text\n", "Text\n", 1),
        ("---\nt: 1\n---\n\n\n\nText\n", "Text\n", 7),  # MkDocs drops blank lines here
        ("\n\nText\n", "Text\n", 3),
        ("---\nt: 1\n...\nText\n", "Text\n", 4),
        ("---  \nt: 1\n---  \nText\n", "Text\n", 4),
        ("---\r\nt: 1\r\n---\r\nText\r\n", "Text\n", 4),
        ("\ufeff---\nt: 1\n---\nText\n", "Text\n", 4),
        ("---\nText\n", "---\nText\n", 1),  # a rule, and no front matter
        ("---\nt: 1\n---\nText\n---\nMore\n", "Text\n---\nMore\n", 4),
    ],
)
def test_the_body_begins_where_the_site_generator_says(
    there: Workshop, text: str, body: str, line: int
) -> None:
    it = read(there, text)
    assert (it.body, it.first_line) == (body, line)


def test_mkdocs_and_we_agree_where_the_body_begins(there: Workshop) -> None:
    from mkdocs.utils import meta

    for text in ("Text\n\nMore", "\n\nText", "---\nt: 1\n---\n\n\nText\n", "---\nt: 1\n...\nText"):
        assert meta.get_data(text)[0] == read(there, text).body


def test_a_page_without_a_title_is_called_by_its_heading(there: Workshop) -> None:
    assert read(there, "Some words.\n\n# A walk #\n").title == "A walk"
    assert read(there, "Some words.\n").title == "page.md"
    assert read(there, "---\ntitle: 7\n---\n").title == "7"


def test_one_prerequisite_needs_no_list(there: Workshop) -> None:
    assert read(there, "---\nprerequisites: walks/stray\n---\n").prerequisites == ["walks/stray"]
    assert read(there, "---\nprerequisites:\n---\n").prerequisites == []


@pytest.mark.parametrize(
    ("path", "folder", "file"),
    [
        ("index.md", "", "index.html"),
        ("README.md", "", "index.html"),
        ("far/index.md", "far/", "far/index.html"),
        ("far/a walk.md", "far/a%20walk/", "far/a%20walk.html"),
        ("generated/far/walk/far.csv", "generated/far/walk/far.csv", "generated/far/walk/far.csv"),
        ("generated/far/walk/notebook.ipynb", None, None),
    ],
)
def test_a_page_stands_in_the_site_as_a_folder_or_as_a_file(
    path: str, folder: str | None, file: str | None
) -> None:
    assert (pages.as_folders(path), pages.as_files(path)) == (folder, file)


def test_an_edited_page_is_read_again(there: Workshop) -> None:
    assert read(there, "# One\n").title == "One"
    assert read(there, "# Three\n").title == "Three"


def test_generated_pages_are_not_the_authors(there: Workshop) -> None:
    there.write("docs/generated/walks/x.md", "no description")
    assert [path.name for path in pages.all_paths(there.settings)] == ["index.md", "stray.md"]
    (said,) = found(there)
    assert "belongs to no lesson" in said


def test_a_good_course_has_nothing_to_mend(course: Workshop) -> None:
    assert found(course) == []


def test_front_matter_that_is_no_yaml_is_told_in_one_line(there: Workshop) -> None:
    there.write("docs/new.md", "---\ndescription: a: b: c\n---\n\n# x\n")
    message = only(there)
    assert message.startswith("docs/new.md:2: front matter is not valid YAML: ")
    assert "\n" not in message


def test_of_a_page_that_cannot_be_read_the_body_begins_on_top(there: Workshop) -> None:
    file = there.write("docs/new.md", "---\ndescription: a: b: c\n---\n\n# x\n")
    assert pages.first_line(there.settings, file) == 1
    assert pages.first_line(there.settings, file.with_name("none.md")) == 1
    assert pages.first_line(there.settings, there.root / "docs/stray.md") == 8


def test_a_page_in_another_encoding_is_told_by_name(there: Workshop) -> None:
    (there.root / "docs/new.md").write_bytes("---\ndescription: é\n---\n".encode("latin-1"))
    assert only(there).startswith("docs/new.md:2: is not UTF-8 text: ")


@pytest.mark.parametrize("text", ["# x\n", "---\ntitle: x\n---\n", "---\ndescription: ' '\n---\n"])
def test_every_page_needs_a_description(there: Workshop, text: str) -> None:
    there.write("docs/new.md", text)
    assert only(there).startswith("docs/new.md: no description: expected `description: one sen")


@pytest.mark.parametrize("image", ["![](x.png)", "![ ](x.png)", "![][x]", '<img src="x.png">'])
def test_an_image_needs_words(there: Workshop, image: str) -> None:
    page(there, body=f"# x\n\nSee {image}\n")
    assert only(there) == "docs/new.md:7: an image without alternative text: ![words](…)"


@pytest.mark.parametrize(
    "image",
    ["![far](x.png)", '<img alt="" src="x.png">', "`![](x.png)`", "```\n![](x.png)\n```", "![]"],
)
def test_other_images_are_well(there: Workshop, image: str) -> None:
    page(there, body=f"# x\n\n{image}\n")
    assert found(there) == []


@pytest.mark.parametrize("named", ["walks/strey", "stray", "stray.py", "lessons/walks/stray.py"])
def test_a_lesson_that_is_nearly_named_is_proposed(there: Workshop, named: str) -> None:
    page(there, f"lesson: {named}")
    assert "does not exist; did you mean 'walks/stray'? there are:" in only(there)


def test_a_level_in_quotes_is_said_to_be_text(there: Workshop) -> None:
    page(there, 'level: "3"')
    assert "level '3': expected one of 1" in only(there)
    assert "as a number and not as text" in only(there)


@pytest.mark.parametrize("key", ["topik", "prerequisits", "finding_", "Lesson", "titel", "levle"])
def test_a_key_that_is_nearly_ours_is_a_warning(there: Workshop, key: str) -> None:
    page(there, f"{key}: x")
    assert re.match(rf"docs/new.md:3: {key}: did you mean `\w+:`\?", only(there))


def test_keys_of_the_theme_and_of_authors_are_well(there: Workshop) -> None:
    others = (
        "template icon status tags date authors draft subtitle image slug hidden research label"
    )
    page(there, *(f"{key}: x" for key in others.split()))
    assert found(there) == []


@pytest.mark.parametrize("text", ["[[distance]", "[distance]]", "[[walks/stray:distance.median]"])
def test_an_embed_that_lacks_a_bracket_is_a_warning(there: Workshop, text: str) -> None:
    there.replace("docs/stray.md", "[[lesson-frame]]", f"[[lesson-frame]]\n\nIt went {text} far.")
    assert re.fullmatch(
        r"docs/stray.md:\d+: .* bracket is missing: write \[\[\S+\]\]\.", only(there)
    )


@pytest.mark.parametrize(
    "text",
    ["`[[distance]`", "[[distance](x)]", "[[distance] of x](x)", "[see [distance]](x)", "[[x]"],
)
def test_brackets_around_a_link_are_well(there: Workshop, text: str) -> None:
    there.replace("docs/stray.md", "[[lesson-frame]]", f"[[lesson-frame]]\n\nIt went {text} far.")
    assert found(there) == []


@pytest.mark.parametrize("named", ["walks/strey", "7"])
def test_a_page_of_a_lesson_that_does_not_exist_is_told_which_there_are(
    there: Workshop, named: str
) -> None:
    page(there, f"lesson: {named}")
    message = only(there)
    assert message.startswith("docs/new.md: names lesson ")
    assert "there are: walks/again, walks/stray" in message


def test_an_unknown_prerequisite_is_told(there: Workshop) -> None:
    page(there, "lesson: walks/again", "prerequisites: [walks/strey]")
    assert only(there) == (
        "docs/new.md: prerequisite 'walks/strey' does not exist; did you mean 'walks/stray'? "
        "the lessons are: walks/again, walks/stray"
    )


def test_prerequisites_that_go_in_a_circle_are_told(there: Workshop) -> None:
    page(there, "lesson: walks/again", "prerequisites: [walks/stray]")
    there.replace(
        "docs/stray.md", "lesson: walks/stray", "lesson: walks/stray\nprerequisites: [walks/again]"
    )
    message = only(there)
    assert "prerequisites go round in a circle: " in message
    assert message.count("walks/again") + message.count("walks/stray") == 3


def test_prerequisites_in_order_are_well(there: Workshop) -> None:
    page(there, "lesson: walks/again", "prerequisites: [walks/stray]", body="[[lesson-frame]]\n")
    assert found(there) == []


def test_a_claim_id_belongs_to_one_lesson(there: Workshop) -> None:
    there.write("lessons/walks/again.py", SECOND.replace("NAME", "walks-stray"))
    there.do("build", "walks/again")
    message = only(there)
    assert message.startswith("lessons/walks/stray.py: claim id 'walks-stray' is also used in ")
    assert "lesson walks/again" in message


def test_a_figure_that_no_page_shows_is_a_warning(there: Workshop) -> None:
    there.replace("docs/stray.md", "[[distances]]", "")
    (finding,) = check.check(there.course())
    assert finding.warning
    assert "figure 'distances' is never embedded: write [[distances]] on a page" in str(finding)


@pytest.mark.parametrize(
    "text", ["`[[distances]]`", "<!-- [[distances]] -->", "[[walks:distances]]"]
)
def test_a_figure_that_is_only_talked_about_is_not_embedded(there: Workshop, text: str) -> None:
    there.replace("docs/stray.md", "[[distances]]", text)
    assert any(finding.warning for finding in check.check(there.course()))


def test_a_figure_may_stand_on_any_page(there: Workshop) -> None:
    there.replace("docs/stray.md", "[[distances]]", "")
    page(there, body="[[walks/stray:distances]]\n")
    assert found(there) == []


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("It fell to 0.31 of that.", ["0.31"]),
        ("Nine runs gave 92 % and 7.5 per cent.", ["92 %", "7.5 per cent"]),
        ("A share of 3 × 10⁻⁵ is left.", ["× 10⁻"]),
        ("| kind | share |\n|---|---|\n| cats | 12.5 |", ["12.5"]),
        ("??? note\n\n    About 0.5 here.", ["0.5"]),
    ],
)
def test_a_number_that_somebody_typed_is_a_warning(
    there: Workshop, text: str, typed: list[str]
) -> None:
    page(there, body=text + "\n")
    findings = check.check(there.course())
    assert all(finding.warning for finding in findings)
    assert [str(finding).split("'")[1] for finding in findings] == typed


def test_a_typed_number_is_told_with_its_line(there: Workshop) -> None:
    page(there, body="# One\n\nTwo.\n\nThree\nis 0.31.\n")
    path = there.root / "docs/new.md"
    line = next(n for n, text in enumerate(path.read_text().split("\n"), 1) if "0.31" in text)
    (finding,) = check.check(there.course())
    assert finding.where == f"docs/new.md:{line}"


@pytest.mark.parametrize(
    "text",
    [
        "He and others (2015) report 8.75 %.",
        "The error is 8.75 %, says [the paper](https://example.org/a).",
        "The error is 8.75 %.[^he]\n\n[^he]: He, 2015.",
        "By hand: $0.25^4 = 0.0039$, and `0.31` is code.",
        "It fell to [[walks/stray:distance]], as [page one](index.md#at-0.5) says.",
        "Seven layers of version 1.2.3 with 20 seeds.",
        "```\nprint(0.31)\n```",
    ],
)
def test_citations_arithmetic_embeds_and_code_are_no_typed_numbers(
    there: Workshop, text: str
) -> None:
    page(there, body=text + "\n")
    told = [f for f in check.check(there.course()) if "is typed" in f.message]
    assert told == []


def test_a_lesson_that_changed_since_its_run_is_told(there: Workshop) -> None:
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    assert "its code changed since the run that the page shows" in only(there)
    assert "lessons/walks/stray.py: lesson walks/stray" in only(there)


def test_everything_is_told_at_once(there: Workshop) -> None:
    there.write("docs/a.md", "---\nx: y: z\n---\n")
    there.write("docs/b.md", "# x\n\n![](x.png)\n\n[[one]]\n\n[[walks/stray:two]]\n")
    page(there, "lesson: walks/none", "prerequisites: [nowhere]", body="[[lesson-frame]]\n")
    there.replace("docs/stray.md", "[[distances]]", "see [[distances]] here")
    there.replace("lessons/walks/_toolbox.py", "STEPS = 100", "STEPS = 101")
    messages = found(there)
    for part in (
        "lessons/walks/stray.py: lesson walks/stray: its code changed",
        "docs/a.md:2: front matter",
        "docs/b.md: no description",
        "docs/b.md:3: an image",
        "docs/b.md:5: [[one]]: this page has no lesson",
        "docs/b.md:7: [[two]]: lesson walks/stray publishes no such name",
        "docs/new.md: names lesson 'walks/none'",
        "docs/new.md:7: [[walks/none:lesson-frame]]",
        "docs/stray.md:14: 'distances' is a figure: it must stand alone",
    ):
        assert sum(message.startswith(part) for message in messages) == 1, (part, messages)


def test_the_check_says_what_the_page_says(
    there: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    import markdown

    from lessonkit.press.page import embed, resolving

    there.replace("docs/stray.md", "[[distance]]", "[[distanec]] and [[Foo bar]] and [[walks]]")
    told = [str(finding) for finding in check.check(there.course()) if not finding.warning]
    it = pages.read(there.settings, there.root / "docs/stray.md")
    place = resolving.Place(it.path, "", it.lesson, it.first_line)
    ours = embed.EmbedExtension(there.settings, lambda: place)
    markdown.Markdown(extensions=[ours]).convert(it.body)
    assert caplog.messages == told
    assert len(told) == 3
