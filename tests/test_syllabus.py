"""In which order is the course read?"""

from __future__ import annotations

import re

import pytest
from conftest import Project

from lessonkit.press.course import syllabus
from lessonkit.press.course.entries import Course
from lessonkit.press.page import graph, templates
from lessonkit.press.settings import Settings, UsageError, load

BEFORE = {
    "b/late": ["b/early", "a/first"],
    "b/early": ["a/first"],
    "a/first": [],
    "a/other": [],
    "c/last": ["b/late"],
}


def settings(tmp_path, *parts):
    return Settings(tmp_path, parts=parts)


def test_a_lesson_stands_one_level_above_the_highest_that_it_builds_on():
    assert syllabus.levels(BEFORE) == {
        "a/first": 0,
        "a/other": 0,
        "b/early": 1,
        "b/late": 2,
        "c/last": 3,
    }


def test_lessons_that_ask_for_each_other_do_not_hang_the_build():
    levels = syllabus.levels({"one": ["two"], "two": ["one"], "three": ["two"]})
    assert set(levels) == {"one", "two", "three"}


def test_parts_come_in_the_order_of_the_settings_and_lessons_after_what_they_build_on(tmp_path):
    parts = syllabus.parts(settings(tmp_path, ("b", "The second: about it"), ("a", "One")), BEFORE)
    assert [(part.title, part.about) for part in parts] == [
        ("The second", "about it"),
        ("One", ""),
        ("C", ""),  # a folder that the settings do not name comes last, under its own name
    ]
    assert parts[0].lessons == ("b/early", "b/late")


def test_a_part_without_lessons_keeps_its_place(tmp_path):
    parts = syllabus.parts(settings(tmp_path, ("z", "Soon: to come")), BEFORE)
    assert (parts[0].title, parts[0].lessons) == ("Soon", ())


def test_parts_are_read_from_the_settings_in_order(project: Project):
    project.write("pyproject.toml", '[tool.lessonkit.parts]\nz = "Zeal: much"\na = "Art"\n')
    assert load(project.root).parts == (("z", "Zeal: much"), ("a", "Art"))


def test_parts_of_another_kind_are_refused(project: Project):
    project.write("pyproject.toml", '[tool.lessonkit]\nparts = "all"\n')
    with pytest.raises(UsageError, match=r"'parts'.*expected something like"):
        load(project.root)


def boxes(before):
    return {
        name: graph.Lesson(name.split("/")[1], f"About {name}", f"../{name}/") for name in before
    }


def test_the_picture_has_a_link_for_each_lesson_and_an_arrow_for_each_prerequisite():
    rows = [("A & B", ["a/first", "a/other"]), ("B", ["b/early", "b/late"]), ("C", ["c/last"])]
    svg = templates.render("prerequisites", picture=graph.arranged(rows, BEFORE, boxes(BEFORE)))
    assert re.findall(r'<a href="([^"]+)">', svg) == [
        "../a/first/",
        "../a/other/",
        "../b/early/",
        "../b/late/",
        "../c/last/",
    ]
    assert svg.count("lk-edge") == 4
    assert "A &amp; B" in svg


def test_no_two_boxes_lie_upon_each_other_and_arrows_lead_to_the_right():
    rows = [("A", ["a/first", "a/other"]), ("B", ["b/early", "b/late"]), ("C", ["c/last"])]
    svg = templates.render("prerequisites", picture=graph.arranged(rows, BEFORE, boxes(BEFORE)))
    corners = re.findall(r'<rect x="(\d+)" y="(\d+)"', svg)
    assert len(set(corners)) == len(BEFORE)
    ends = re.findall(r'd="M(\d+) \d+C[-\d ]+ (\d+) \d+"', svg)
    assert ends
    assert all(int(start) < int(end) for start, end in ends)


def furnish_second(project: Project, prerequisites: str = "[walks/stray]") -> None:
    """A second lesson, in another part, that builds on the first."""
    lesson = (project.root / "lessons/walks/stray.py").read_text(encoding="utf-8")
    lesson = lesson.replace("walks/stray", "apart/alone").replace('"walks-stray"', '"alone-too"')
    project.write("lessons/apart/alone.py", lesson)
    project.write("lessons/apart/_toolbox.py", "STEPS = 9\n\ndef walk(s, n):\n    return 7.0 + s\n")
    page = (
        "---\ntitle: Alone\ndescription: Alone.\nlesson: apart/alone\nquestion: Why?\n"
        f"prerequisites: {prerequisites}\n---\n\n# Alone\n\n[[lesson-claims]]\n\n[[distances]]\n"
    )
    project.write("docs/alone.md", page)
    project.replace("mkdocs.yml", "plugins: [lessonkit]", "plugins: [{lessonkit: {nav: Walk}}]")
    project.write(
        "mkdocs.yml",
        (project.root / "mkdocs.yml").read_text() + "nav: [index.md, {Walk: [all.md]}]\n",
    )
    project.write("docs/all.md", "---\ndescription: All.\n---\n\n[[syllabus]]\n\n[[prerequisites]]")
    project.replace(
        "pyproject.toml",
        "[tool.lessonkit]\n",
        '[tool.lessonkit]\nparts = {walks = "First: on foot", apart = "Second"}\n',
    )


def test_a_new_lesson_joins_navigation_syllabus_and_picture_without_hand_work(project: Project):
    furnish_second(project)
    assert project.lessonkit("build").returncode == 0
    built = project.mkdocs("build", "--strict")
    assert built.returncode == 0, built.stderr
    html = (project.root / "site/all/index.html").read_text(encoding="utf-8")
    nav = html[html.index("md-nav--primary") : html.index("md-content")]
    shown = ("First", "Stray", "A walk strays", "Second", "Alone")  # topic, then finding
    places = [nav.index(word) for word in shown]
    assert places == sorted(places)
    syllabus_list = html[html.index("lk-syllabus") : html.index("lk-graph")]
    assert re.search(
        r'<b>First</b>: on foot\s*<ul><li><a href="../stray/"><b>Stray</b> — A walk strays<',
        syllabus_list,
    )
    assert html.count("lk-edge") == 1


def test_a_lesson_comes_after_what_it_builds_on(project: Project):
    furnish_second(project)
    assert list(Course(load(project.root)).entries) == ["walks/stray", "apart/alone"]


def test_a_section_that_is_not_there_is_named(project: Project):
    furnish_second(project)
    project.replace("mkdocs.yml", "{nav: Walk}", "{nav: Run}")
    built = project.mkdocs("build")
    assert built.returncode != 0
    assert "`nav: Run` names no section of the navigation" in built.stderr
