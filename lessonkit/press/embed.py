"""The address of the Markdown extension, for `markdown_extensions: [lessonkit.press.embed]`."""

from lessonkit.press.page.embed import EmbedExtension, makeExtension

__all__ = ["EmbedExtension", "makeExtension"]
