"""The catalogue: messages of one language, with its units and the labels of a company's codes."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from sopkit.messages.formats import CURRENCIES, FORMATS, is_missing
from sopkit.messages.names import split_name
from sopkit.tables import ALL

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent
_ALIASES = {
    "component": ("item",),
    "like_item": ("item",),
    "predecessor": ("item",),
    "from_location": ("location",),
    "to_location": ("location",),
    "cause_code": ("resource", "item", "supplier", "location", "operation"),
    "source": ("operation", "supplier", "location"),
    "subject": ("resource", "item", "family", "location", "supplier"),
    "first_owner": ("owner",),
    "second_owner": ("owner",),
    "settled_by": ("owner",),
}
_OWNERS = ("owner", "first_owner", "second_owner", "settled_by", "escalate_to")
Labels = Mapping[tuple[str, str], str]


@cache
def read_messages(lang: str, page: str) -> Mapping[str, str]:
    """Return a page's messages by full key; keys of `common` carry no page name.

    Raises:
        KeyError: there is no such file.
    """
    import yaml

    path = _FOLDER / lang / f"{page}.yaml"
    if not path.is_file():
        raise KeyError(f"there are no messages of page {page!r} in language {lang!r}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}
    return MappingProxyType(_flatten(tree, "" if page == "common" else page))


def _flatten(tree: Mapping, prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, branch in tree.items():
        word = str(name).lower() if isinstance(name, bool) else str(name)
        key = f"{prefix}.{word}" if prefix else word
        flat |= _flatten(branch, key) if isinstance(branch, Mapping) else {key: str(branch)}
    return flat


@cache
def _pages(lang: str) -> frozenset[str]:
    return frozenset(path.stem for path in (_FOLDER / lang).glob("*.yaml"))


def placeholders(template: str) -> set[str]:
    """Return the names and formats that a template asks for.

    Example:
        >>> sorted(placeholders("{n:count} lines cost {cost:money}"))
        ['cost:money', 'n:count']
    """
    parsed = string.Formatter().parse(template)
    return {f"{name}:{spec}" if spec else name for _, name, spec, _ in parsed if name}


def catalogue(
    lang: str, currency: str = "CNY", volume_unit: str = "case", labels: Labels | None = None
) -> Catalogue:
    """Return the catalogue of a language.

    Args:
        lang: ``en`` or ``zh``.
        currency: ISO code in which money is shown.
        volume_unit: base unit in which quantities are shown; a `unit` word, or any text.
        labels: what a code is called, by (field, code).

    Raises:
        KeyError: the language is not known.

    Example:
        >>> catalogue("en").show(4_900_000, "money"), catalogue("zh").show(4_900_000, "money")
        ('¥ 4.9 M', '490 万元')
    """
    if lang not in LANGUAGES:
        raise KeyError(f"language {lang!r} is none of {', '.join(LANGUAGES)}")
    return Catalogue(lang, currency, volume_unit, labels or {})


@dataclass(frozen=True)
class Catalogue:
    """Messages of one language; call it with a key and the values its template asks for."""

    lang: str
    currency: str = "CNY"
    volume_unit: str = "case"
    labels: Labels = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    def with_own(self, messages: Mapping[str, str]) -> Catalogue:
        """Return the catalogue with messages of a notebook's own, by key; they come first."""
        return replace(self, own=messages)

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return the message of a key, its values written as the language writes them.

        A template names a format after the colon: ``{cost:money}``, ``{p:month}``,
        ``{line:label.resource}`` (a code by its name), ``{cause:word.cause}``, ``{title:text}``
        (people's words, the half in this language), ``{code:currency}``. Lists are joined.
        Where the value ``n`` is 1, ``<key>_one`` is taken if it is there. ``{unit}`` (cases) and
        ``{symbol}`` (¥) are always known.

        Raises:
            KeyError: no such key, a value is missing, or a format is not known.
        """
        single = f"{key}_one"
        template = self._template(single if values.get("n") == 1 and self.has(single) else key)
        try:
            return _Filler(self).vformat(template, (), values)
        except KeyError as missing:
            raise KeyError(f"message {key!r} ({self.lang}): {missing.args[0]}") from None

    def has(self, key: str) -> bool:
        """Return whether there is a message of that key."""
        return key in self.own or key in self._source(key)

    def _source(self, key: str) -> Mapping[str, str]:
        page = key.partition(".")[0]
        return read_messages(self.lang, page if page in _pages(self.lang) else "common")

    def _template(self, key: str) -> str:
        source = self.own if key in self.own else self._source(key)
        if key not in source:
            raise KeyError(f"there is no message {key!r} in language {self.lang!r}")
        return source[key]

    def show(self, value: object, spec: str) -> str:
        """Return one value in a format, such as `money`, `rate`, `month`, `label.item`.

        Raises:
            KeyError: the format is not known.
        """
        if isinstance(value, (list, tuple, set, pd.Series, pd.Index)):
            return self._join([self.show(one, spec) for one in value])
        kind, _, name = spec.partition(".")
        if kind in ("label", "word") and name:
            return self.label(name, value) if kind == "label" else self.word(name, value)
        if spec == "text":
            return self.text(value)
        if spec == "currency" and not is_missing(value):
            return self._name_currency(str(value))
        if spec not in FORMATS and spec != "currency":
            known = ", ".join([*FORMATS, "text", "currency", "label.<field>", "word.<column>"])
            raise KeyError(f"format {spec!r} is none of {known}")
        if is_missing(value):
            return self._template("format.missing")
        return self._fill_pattern(spec, FORMATS[spec](value, self.lang))

    def _fill_pattern(self, spec: str, parts: dict[str, str]) -> str:
        single = f"format.{spec}_one"
        key = single if parts.get("digits") == "1" and self.has(single) else f"format.{spec}"
        units = {"symbol": self.symbol, "money_word": self.money_word, "unit": self.unit}
        return " ".join(self._template(key).format(**units, **parts).split())

    def _join(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        comma, last = self._template("format.comma"), self._template("format.and")
        return f"{comma.join(words[:-1])}{last}{words[-1]}"

    @property
    def symbol(self) -> str:
        """Sign of the currency, or its code where it has none."""
        return CURRENCIES.get(self.currency, self.currency)

    @property
    def money_word(self) -> str:
        """Word for the currency after a number, as Chinese writes it."""
        return self._name_currency(self.currency)

    def _name_currency(self, code: str) -> str:
        key = f"currency.{code}"
        return self._template(key) if self.has(key) else code

    @property
    def unit(self) -> str:
        """Word for the base unit, in the plural where the language has one."""
        key = f"unit.{self.volume_unit}"
        return self._template(key) if self.has(key) else self.volume_unit

    def col(self, name: str) -> str:
        """Return a column's heading; a column nobody named shows its name in plain words."""
        key = f"col.{name}"
        return self._template(key) if self.has(key) else name.replace("_", " ")

    def word(self, column: str, value: object) -> str:
        """Return the word for an enumerated value; an unknown one is shown as it stands."""
        if is_missing(value) or value == "":
            return self._template("format.missing")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        key = f"word.{column}.{text}"
        return self._template(key) if self.has(key) else text

    def label(self, name: str, code: object) -> str:
        """Return what a code of a column is called; an unknown code is shown as it stands.

        An owner who is a role (`supply_planner`) is called by the word for it; one named in both
        languages by his name in this one.
        """
        if is_missing(code) or code == "":
            return self._template("format.missing")
        text = str(code)
        for kind in (name, *_ALIASES.get(name, ())):
            if (kind, text) in self.labels:
                return self.labels[kind, text]
        if name in _OWNERS and self.has(f"word.role.{text}"):
            return self._template(f"word.role.{text}")
        if text == ALL:
            return self._template("format.all")
        return self.text(text) if name in _OWNERS else text

    def text(self, said: object) -> str:
        """Return what people wrote: where it is given in both languages, the half in this one.

        Example:
            >>> catalogue("en").text("三月停供 / Out in March")
            'Out in March'
        """
        return (
            self._template("format.missing")
            if is_missing(said)
            else split_name(str(said))[self.lang]
        )

    def is_word(self, column: str) -> bool:
        """Return whether the values of a column are words of the catalogue."""
        source = read_messages(self.lang, "common")
        return any(key.startswith(f"word.{column}.") for key in source)


class _Filler(string.Formatter):
    """Fills a template; formats after the colon are the catalogue's."""

    def __init__(self, texts: Catalogue) -> None:
        self.texts = texts

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return a placeholder's value, or say which is missing; unit and symbol are known."""
        if key in ("unit", "symbol") and key not in kwargs:
            return self.texts.unit if key == "unit" else self.texts.symbol
        if key not in kwargs:
            raise KeyError(f"the value {key!r} is missing")
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value in its format; a message in a message; else text as it stands."""
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Mapping):
            return self.texts(value[0], **value[1])
        if format_spec:
            return self.texts.show(value, format_spec)
        if isinstance(value, (list, tuple, set, pd.Series, pd.Index)):
            return self.texts._join([str(one) for one in value])
        return self.texts._template("format.missing") if is_missing(value) else str(value)
