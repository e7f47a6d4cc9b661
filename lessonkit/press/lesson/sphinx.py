"""sphinx-gallery's toolbox, called without Sphinx; nothing else in the press calls it but `script`.

Each function here is one call into sphinx-gallery, so that a change on their side shows in one
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

THUMBNAIL = (400, 260)  # pixels


def thumbnail(picture: Path, target: Path) -> None:
    """Write a thumbnail of a picture, centred on a transparent card."""
    from sphinx_gallery.utils import scale_image

    scale_image(picture, target, *THUMBNAIL)


def archive(files: Sequence[Path], target: Path, relative_to: Path) -> None:
    """Zip files; the archive is replaced only if its bytes change."""
    from sphinx_gallery.utils import zip_files

    zip_files(files, target, relative_to)


def names_used(script: Path, package: str = "lessonkit") -> list[str]:
    """Return the full names of `package` that a script uses, from its syntax tree alone."""
    from sphinx_gallery.backreferences import _make_ref_regex, identify_names
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    _, blocks, tree = split_code_and_text_blocks(script, return_node=True)
    found = identify_names(blocks, _make_ref_regex(), {}, tree)
    names = {f"{item['module']}.{item['name']}" for items in found.values() for item in items}
    return sorted(name for name in names if name.split(".")[0] == package)
