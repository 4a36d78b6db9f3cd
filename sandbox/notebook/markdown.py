"""Markdown paragraphs become HTML; raw HTML in them stays, as in Zeppelin: the page forbids scripts."""

from __future__ import annotations

from markdown_it import MarkdownIt


def render(text: str) -> str:
    """The HTML of `text`, with tables."""
    body = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return f'<div class="markdown-body">\n{body}</div>'
