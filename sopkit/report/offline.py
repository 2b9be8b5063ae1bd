"""The gate: a page that would ask anything of the network is not written."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from sopkit.errors import SopkitError, list_problems

_LOADING = {
    "src",
    "srcset",
    "href",
    "xlink:href",
    "poster",
    "data",
    "action",
    "formaction",
    "background",
    "ping",
    "manifest",
    "archive",
    "codebase",
    "cite",
    "longdesc",
}
_REMOTE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//|^\s*(?:https?|wss?|ftp):", re.IGNORECASE)
_STYLE = re.compile(r"@import[^;]*|url\(\s*['\"]?(?!data:|#)[^)]*\)", re.IGNORECASE)
_SCRIPT = re.compile(r"\b(?:import|from)\s*\(?\s*['\"](?:https?:)?//[^'\"]*['\"]")


def find_remote(html: str) -> list[str]:
    """Return every place at which a page would reach out, as text; empty when it stands alone.

    Looked at: attributes that load or lead somewhere, style sheets and style attributes, imports
    in scripts, refreshes. Data inside text, tables and chart specifications loads nothing.

    Example:
        >>> find_remote('<img src="https://example.org/a.png">')
        ['<img src=https://example.org/a.png>']
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def check_offline(html: str, page: str) -> None:
    """Raise when a page would reach out.

    Raises:
        SopkitError: names the page and each place.
    """
    found = find_remote(html)
    if found:
        raise SopkitError(
            list_problems(
                f"Page {page} is not written: it would ask the network for {len(found)} thing(s)",
                found[:10],
                "Carry the data inside the page, or take the reference out.",
            )
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes of an element."""
        given = {name: value or "" for name, value in attrs}
        json_script = tag == "script" and given.get("type", "").endswith("json")
        self._inside = "" if json_script else tag
        for name, value in given.items():
            remote = name in _LOADING and any(_REMOTE.match(p) for p in value.split(","))
            if remote or (name == "style" and _STYLE.search(value)):
                self.found.append(f"<{tag} {name}={value[:120]}>")
        if tag == "meta" and "refresh" in given.get("http-equiv", "").lower():
            self.found.append(f"<meta refresh {given.get('content', '')[:120]}>")
        if tag == "base":
            self.found.append("<base>")

    def handle_endtag(self, tag: str) -> None:
        """Leave a style sheet or script."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Look at the text of style sheets and scripts."""
        pattern = {"style": _STYLE, "script": _SCRIPT}.get(self._inside)
        if pattern:
            self.found += [f"{self._inside}: {m.group(0)[:120]}" for m in pattern.finditer(data)]
