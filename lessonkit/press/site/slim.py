"""Slim the pages that mkdocs-jupyter makes, from some 600 KB to what the notebook says.

Every such page carries all of JupyterLab's styles, a second copy button and a Mermaid loader that
would ask a CDN, and shows code in colours of its own in one scheme only. Here they go; code gets
the theme's own classes, and one small stylesheet that all notebook pages share does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from lessonkit.press.page import formulas
from lessonkit.press.page.templates import render

_START = '<div class="jupyter-wrapper">'
_END = "<!-- jupyter-wrapper -->"
_CODE = re.compile(r'<div class="highlight-ipynb [^"]*"><pre>(.*?)</pre></div>', re.DOTALL)
# The copy button, and the hidden text that it would copy. Material brings a button of its own.
_COPYING = re.compile(
    r'<div class="zeroclipboard-container">.*?</clipboard-copy>\s*</div>'
    r'|<div class="clipboard-copy-txt"[^>]*>.*?</div>',
    re.DOTALL,
)
_PROSE = re.compile(
    r'(<div class="jp-RenderedHTMLCommon jp-RenderedMarkdown[^>]*>)(.*?)(</div>)', re.S
)
_PROSE_PARTS = re.compile(r"(<(pre|code)\b.*?</\2>|<[^>]+>)", re.DOTALL)
_MATHS = re.compile(
    r"\$\$(.+?)\$\$|(?<![\\\w$])\$(?![\s$])([^$\n]*?[^\s$\\])\$(?![\w$])", re.DOTALL
)
_AUDIO = re.compile(
    r'<audio\b[^>]*?(?:>\s*<source\b[^>]*?)?\ssrc="(?P<address>[^"]*)".*?</audio>', re.DOTALL
)
_WORDS = re.compile(r'\saria-label="([^"]*)"')
_ERROR = re.compile(r'<span class="lk-error" role="alert">(formula .*?)</span>', re.DOTALL)


def slim(html: str) -> str:
    """Take out of a notebook's content what does not belong to it.

    Maths between dollar signs becomes MathML, as on the other pages; what cannot be typeset
    shows as an error, which `complaints` finds.

    Args:
        html: the content of a page as mkdocs-jupyter 0.26 rendered it.

    Raises:
        ValueError: it holds no notebook.
    """
    # The styles mention the wrapper too, but never as this very tag.
    _, start, rest = html.partition(_START)
    notebook, end, _ = rest.partition(_END)
    if not (start and end):
        raise ValueError(
            f"expected content that mkdocs-jupyter 0.26 rendered ({_START} … {_END}); "
            "another version makes other pages: adapt lessonkit.press.site.slim to it."
        )
    return start + _tidy(notebook) + end


def _tidy(notebook: str) -> str:
    """Give code, headings and maths what they have on the site's other pages."""
    notebook = _COPYING.sub("", notebook)
    notebook = _CODE.sub(r'<div class="highlight"><pre><code>\1</code></pre></div>', notebook)
    notebook = notebook.replace('class="anchor-link"', 'class="headerlink"')
    notebook = _AUDIO.sub(_player, notebook)
    # Every cell would be a stop of the Tab key, with nothing to do there.
    notebook = notebook.replace(' tabindex="0"', "")
    return in_prose(notebook, _typeset)


def in_prose(html: str, change: Callable[[str], str]) -> str:
    """Return a notebook's page with the text of each of its Markdown cells changed."""
    return _PROSE.sub(lambda cell: cell[1] + change(cell[2]) + cell[3], html)


def _player(audio: re.Match[str]) -> str:
    words = _WORDS.search(audio[0])
    said = unescape(words[1]) if words else ""
    return render("player", address=unescape(audio["address"]), words=said)


def _typeset(prose: str) -> str:
    """Replace `$…$` and `$$…$$` between the tags by formulas; leave code alone."""
    parts = _PROSE_PARTS.split(prose)  # text, tag or code, name of that, text, …
    parts[::3] = [_MATHS.sub(_formula, text) for text in parts[::3]]
    del parts[2::3]
    return "".join(parts)


def _formula(found: re.Match[str]) -> str:
    block, inline = (unescape(latex or "") for latex in found.groups())
    try:
        return formulas.html(rf"\[{block}\]" if block else rf"\({inline}\)")
    except formulas.MathsError as error:
        return render("error", message=str(error), alone=False)


def complaints(html: str) -> list[str]:
    """Return what a slim page shows as errors."""
    return [unescape(message) for message in _ERROR.findall(html)]
