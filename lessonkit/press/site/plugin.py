"""The MkDocs plugin: a few events that hand the press what MkDocs knows.

`mkdocs build` never runs a lesson; it puts into the site what the chosen runs hold and warns (so
that `--strict` fails) about everything that must not be published. `mkdocs serve` runs what an edit
made stale, beside the server.
"""

from __future__ import annotations

import logging
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.toc import get_toc

from lessonkit.press import settings
from lessonkit.press.course import pages, syllabus
from lessonkit.press.course.entries import Course, topic
from lessonkit.press.page import formulas, glossary, language, maths, resolving
from lessonkit.press.page.neighbours import neighbours
from lessonkit.press.settings import PressError, Settings
from lessonkit.press.site import (
    agreement,
    bytecode,
    cards,
    check,
    copies,
    headings,
    leading,
    needs,
    policy,
    searching,
    serving,
    twins,
)

log = logging.getLogger("mkdocs.plugins.lessonkit")
twins.postpone()  # MkDocs loads this plugin before those that stand behind it

_REFERENCE_STYLE = re.compile(r'<link rel="stylesheet" href="[^"]*_mkdocstrings\.css[^"]*">\s*')


class LessonkitPlugin(BasePlugin):
    """`plugins: [lessonkit]`.

    Its one option, `nav: Lessons`, names the section of the navigation that takes up the lessons'
    pages, part by part in reading order.
    """

    config_scheme = (("nav", config_options.Type(str, default="")),)

    def __init__(self) -> None:
        super().__init__()
        self.serving = False
        self.author = serving.Author()
        self.course: Course | None = None
        self.watched: serving.Watched | None = None  # under a server
        self.drawings: dict[str, list[str]] = {}  # by page, until it is written
        self.place: resolving.Place | None = None  # the page that is being rendered
        self.copies = copies.Copies()

    def on_startup(self, *, command: str, dirty: bool = False, **_: Any) -> None:
        """Remember whether somebody is writing, and refuse to leave pages as they were."""
        self.serving = command == "serve"
        if dirty:
            raise PluginError(
                "plugin lessonkit: --dirty leaves pages whose text is as it was, with the numbers "
                "of older runs: expected a whole build. Say the same without --dirty."
            )

    def on_config(self, config: Any) -> Any:
        """Find the project around the configuration file, and bring what its pages need."""
        file = config["config_file_path"]  # none where the configuration is piped in
        try:
            self.settings = settings.load(Path(file).resolve().parent if file else None)
            agreement.check(config, self.settings)
            said = config["theme"].get("language", "en")
            language.use(said, self.settings.root)
            if self.config["nav"]:
                _take_up_lessons(config["nav"], self.config["nav"], self.settings)
        except PressError as error:
            raise PluginError(f"plugin lessonkit: {error}") from None
        needs.bring(config)
        if config["strict"]:
            _hear_warnings()
        twins.take_over(config["plugins"], self.settings.memo_folder, self.copies)
        for name in needs.EMBED:
            if name in config["markdown_extensions"]:
                known = {"project": self.settings, "place": lambda: self.place}
                config["mdx_configs"][name] = known
        config["mdx_configs"][maths.__name__] = {"place": lambda: self.place}
        return config

    def on_serve(self, server: Any, config: Any, **_: Any) -> Any:
        """Watch what lessons depend on, and nothing of what we write ourselves."""
        self.watched = serving.Watched(server, self.settings, config)
        self.watched.follow(self.settings, _corrections(config))
        self.author.server = server
        return server

    def on_pre_build(self, config: Any, **_: Any) -> None:
        """Lay out the runs, and say what is wrong with them."""
        if self.serving:
            self.author.start(self.settings)
        try:
            if self.watched is not None:
                self.watched.follow(self.settings, _corrections(config))
            now = Course(self.settings, self.serving, self.author.running)
        except PressError as error:
            raise PluginError(f"plugin lessonkit: {error}") from None
        self.course = now
        self.copies.make(now)
        for finding in (*check.lessons(now), *check.structure(now)):
            log.warning("%s", finding)
        for finding in check.remarks(now):
            log.info("%s", finding)

    @event_priority(100)  # type: ignore[untyped-decorator]  # before whoever looks for notebooks
    def on_files(self, files: Any, config: Any, **_: Any) -> Any:
        """Hand over the files of this build, in the place of all that lies in docs/generated."""
        self.copies.hand_over(files, config)
        return files

    def on_nav(self, nav: Any, files: Any, **_: Any) -> Any:
        """Learn which files the site has, and where they will stand."""
        self.files = files
        return nav

    def on_env(self, env: Any, **_: Any) -> Any:
        """Spare the theme's templates from being compiled in every build."""
        env.bytecode_cache = bytecode.Bytecode(self.settings.memo_folder)
        return env

    def _address(self, path: str) -> str | None:
        """Return where a file below the folder of pages stands in the site; None if nowhere."""
        file = self.files.get_file_from_path(path)
        if file is None:
            return None
        shown = file.inclusion.is_in_serve() if self.serving else file.inclusion.is_included()
        if not shown or (twins.lesson_of(path) and not file.is_documentation_page()):
            return None
        return "" if file.url in (".", "./") else str(file.url)

    def on_page_markdown(self, markdown: str, page: Any, **_: Any) -> str:
        """Tell the Markdown extension which page comes."""
        path = Path(self.settings.pages_folder, page.file.src_uri)
        lesson = twins.lesson_of(page.file.src_uri)
        if lesson:
            page.meta["search"] = {"exclude": True}  # its lesson's page is to be found
            page.meta["description"] = language.gettext(
                "The notebook of the lesson %(lesson)s, as it ran."
            ) % {"lesson": lesson}
        if path.suffix != ".md":  # a notebook, this one or the author's own
            return markdown
        self._head(page.meta, path)
        if page.file.src_uri == glossary.FILE:
            markdown = glossary.with_ids(markdown)
        line = pages.first_line(self.settings, path)
        drawings = self.drawings[page.file.src_uri] = []
        self.place = resolving.Place(
            page.file.src_uri,
            page.url,
            page.meta.get("lesson"),
            line,
            self.course,
            drawings,
            address=self._address,
        )
        return markdown

    def _head(self, meta: Any, path: Path) -> None:
        """Complete a page's front matter by what the theme makes of it."""
        searching.without_words(meta)
        try:
            page = pages.read(self.settings, path)
        except pages.PageError:  # which has been said
            return
        meta["card"] = f"generated/{cards.place(page)}"
        if page.lesson:
            entry = self.course.entries.get(page.lesson) if self.course else None
            title = formulas.plain(entry.page_title if entry else page.title)
            if meta.get("title"):
                meta["title"] = title
            if self.config["nav"]:
                meta["subtitle"] = title  # beneath the topic, in the navigation
            hidden = meta.get("hide") or []
            hidden = hidden if isinstance(hidden, list) else [hidden]
            meta["hide"] = [*hidden, "footer"]  # its foot says more

    def on_page_content(self, html: str, page: Any, **_: Any) -> str:
        """The page is done: mark the words that it uses first, and say where its lesson stands."""
        place, self.place = self.place, None
        if place is None or self.course is None:  # a notebook
            html = self._twin(html, page)
        _speak(page)
        if place is None or self.course is None:
            return html
        if page.meta.get("glossary", True) and page.file.src_uri != glossary.FILE:
            html = glossary.marked(html, glossary.words(self.settings), place.link)
        entry = self.course.entries.get(place.lesson or "")
        if entry is None or entry.page is None or entry.page.path != place.path:
            return html
        return html + neighbours(self.course, entry, place.link)

    def _twin(self, html: str, page: Any) -> str:
        """Give a notebook's page contents, and links of the lesson's text that lead somewhere."""
        lesson = twins.lesson_of(page.file.src_uri)
        entry = self.course.entries.get(lesson) if self.course and lesson else None
        if entry is None:
            return html
        html, contents = headings.numbered(html)
        page.toc = get_toc(contents)
        here, wrong = resolving.Place(url=page.url, address=self._address), list[str]()
        html = leading.led(html, entry, here.link, wrong.append)
        for finding in leading.findings(self.settings, entry, wrong):
            log.warning("%s", finding)
        return html

    @event_priority(-100)  # type: ignore[untyped-decorator]  # when the search has written
    def on_post_build(self, config: Any, **_: Any) -> None:
        """Let a search find the lesson first, then the glossary; move scripts out of pages."""
        site = Path(config["site_dir"])
        if self.course is not None:
            searching.tune(site, self.course, self._address)
        pages_of_html = {file.dest_uri for file in self.files if file.is_static_page()}
        policy.tighten(site, config["site_url"] or "", pages_of_html)

    def on_post_page(self, output: str, page: Any, **_: Any) -> str:
        """Put in the drawings that templates and search had no need to read.

        The stylesheet of mkdocstrings is left to the pages that have something of it to show.
        """
        if 'class="doc ' not in output:
            output = _REFERENCE_STYLE.sub("", output)
        return resolving.completed(output, self.drawings.pop(page.file.src_uri, []))


def _corrections(config: Any) -> Path | None:
    """Return the folder of the theme's corrections, if there is one."""
    folder = config["theme"].custom_dir
    return Path(folder) if folder else None


def _speak(page: Any) -> None:
    """Let titles and contents, which hold text alone, say formulas as text."""
    if page.title:
        page.title = formulas.plain(page.title)
    items = list(page.toc)
    while items:
        item = items.pop()
        item.title = escape(formulas.plain(unescape(item.title)), quote=False)
        items += item.children


def _take_up_lessons(nav: Any, section: str, project: Settings) -> None:
    """Put the pages of the lessons into a section of the navigation.

    Raises:
        PluginError: there is no such section.
    """
    named = [item[section] for item in nav or [] if isinstance(item, dict) and section in item]
    if not named or not isinstance(named[0], list):
        raise PluginError(
            f"plugin lessonkit: `nav: {section}` names no section of the navigation. Expected "
            f"`- {section}: [some-page.md]` under `nav:` in mkdocs.yml."
        )
    by_lesson = pages.by_lesson(project)
    before = syllabus.prerequisites(project.lesson_names(), by_lesson)
    for part in syllabus.parts(project, before):
        paged = [(name, by_lesson[name]) for name in part.lessons if name in by_lesson]
        shown = [{formulas.plain(topic(name, page)): page.path} for name, page in paged]
        if shown:
            named[0].append({part.title: shown})


def _hear_warnings() -> None:
    """Let a strict build count every warning, whatever `--quiet` says: it would end well."""
    for name in ("mkdocs", "properdocs"):
        logger = logging.getLogger(name)
        if logger.level > logging.WARNING:
            logger.setLevel(logging.WARNING)
