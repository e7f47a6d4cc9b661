"""What mkdocs.yml says, as far as it can be told without MkDocs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FILE = "mkdocs.yml"


class _Loader(yaml.SafeLoader):
    """Reads YAML, and takes tags such as `!ENV` for nothing."""


_Loader.add_multi_constructor("", lambda loader, tag, node: None)


def read(root: Path) -> dict[str, Any] | None:
    """Return the configuration in a folder; None if there is none, or MkDocs must say why not."""
    try:
        found = yaml.load((root / FILE).read_text(encoding="utf-8-sig"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def language(config: dict[str, Any]) -> str:
    """Return the language of the theme, "en" if nobody says."""
    theme = config.get("theme")
    said = theme.get("language") if isinstance(theme, dict) else None
    return str(said or "en")


def site_url(config: dict[str, Any]) -> str:
    """Return where the site will lie; "" if nobody says."""
    return str(config.get("site_url") or "").rstrip("/")


def names_plugin(config: dict[str, Any]) -> bool:
    """Say whether lessonkit is among the plugins, or may be: another file may be inherited."""
    return "lessonkit" in _named(config, "plugins") or "INHERIT" in config


def names_extension(config: dict[str, Any]) -> bool:
    """Say whether our Markdown extension is among those that are named."""
    return bool({"lessonkit", "lessonkit.press.embed"} & set(_named(config, "markdown_extensions")))


def _named(config: dict[str, Any], option: str) -> list[str]:
    listed = config.get(option) or []
    items = [listed] if isinstance(listed, str) else listed
    return [str(name) for item in items for name in (item if isinstance(item, dict) else [item])]
