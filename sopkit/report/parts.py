"""The parts of a page, as a notebook calls them; each carries both languages.

A part is the last line of a cell. Its bundle holds the HTML of both languages under
`PART_TYPE`; JupyterLab shows the language asked for, the report builder takes its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd
from markupsafe import Markup

import sopkit
from sopkit.messages import LANGUAGES, Catalogue, catalogue, is_missing
from sopkit.report import plots
from sopkit.report.drawn import Tone
from sopkit.report.html import macros, style_sheet
from sopkit.report.labels import Tables, read_labels
from sopkit.report.table import View, describe, write_table

PART_TYPE = "application/vnd.sopkit.part+json"
Kind = Literal[
    "answer", "figures", "section", "note", "table", "cards", "chart", "beside", "fold", "record"
]
Message = tuple[str, Mapping[str, Any]]
Both = dict[str, str]


@dataclass(frozen=True)
class Part:
    """One part of a page in both languages.

    Args:
        kind: what it is.
        html: the HTML of each language.
        text: a line for readers of the bare notebook, for each language.
        lang: the language that JupyterLab shows.
        shown: what JupyterLab shows instead of `html`, where that needs the page's script.
    """

    kind: Kind
    html: Both
    text: Both
    lang: str
    shown: str = ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        sheet = f"<style>{style_sheet()}</style>" if self.kind == "answer" else ""
        body = self.shown or self.html[self.lang]
        return {
            "text/plain": self.text[self.lang],
            "text/html": f'{sheet}<div class="sopkit part">{body}</div>',
            PART_TYPE: {**self.html, "kind": self.kind, "text": self.text},
        }


@dataclass(frozen=True)
class Figure:
    """One headline figure.

    Args:
        label: key of what it is ("margin, 12 months").
        value: the value, or a text as it stands.
        spec: its format: money, volume, rate, turns, ...; empty for a text.
        note: key of the comparison below it ("target 95 to 97").
        tone: the verdict.
        values: what label and note ask for.
    """

    label: str
    value: object
    spec: str = ""
    note: str = ""
    tone: Tone | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A decision, a bottleneck, a conflict: question, consequence, options, owner, last day.

    Args:
        title: key and values of the heading.
        body: key and values of what happens if nothing is done.
        table: the options; a true `recommended` marks the proposal and is not a column.
        columns: columns to show; None is all.
        formats: format of a column, by name; else amounts in three digits by suffix.
        headings: key of a column's heading, by name; else ``col.<name>``.
        who: key and values of the owner, or the owner's role as text.
        when: last day to decide.
        tone: the verdict; colours the upper edge.
    """

    title: Message
    body: Message | None = None
    table: pd.DataFrame | None = None
    columns: Sequence[str] | None = None
    formats: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    who: Message | str | None = None
    when: date | pd.Timestamp | None = None
    tone: Tone | None = None


def open_page(
    cycle: Tables,
    page: str,
    *,
    lang: str = "en",
    interactive: bool = True,
    currency: str = "CNY",
    volume_unit: str = "case",
    messages: Mapping[str, Mapping[str, str]] | None = None,
) -> Page:
    """Return the page of a review, with both catalogues and the company's labels.

    Args:
        cycle: the open cycle; its labels are read now, so 01_data_review opens its page after
            it has written the company tables.
        page: name of the catalogue: data, demand, supply, consensus, executive.
        lang: language that JupyterLab shows; the report has both.
        interactive: True by hand: charts are shown as stills. False under the runner.
        currency: ISO code of the money.
        volume_unit: base unit of the quantities, such as case.
        messages: sentences of the notebook's own, by language and key, for a cell that a planner
            adds without touching the catalogue.
    """
    labels = read_labels(cycle)
    texts = {
        one: catalogue(one, currency, volume_unit, labels[one]).with_own(
            (messages or {}).get(one, {})
        )
        for one in LANGUAGES
    }
    return Page(cycle.name, cycle.company, page, lang, interactive, texts)


@dataclass
class Page:
    """A page being shown, part by part. `t` is the catalogue of the language asked for."""

    cycle: str
    company: str
    name: str
    lang: str
    interactive: bool
    texts: Mapping[str, Catalogue]
    _title: Both = field(default_factory=dict)

    @property
    def t(self) -> Catalogue:
        """Catalogue of the language that JupyterLab shows."""
        return self.texts[self.lang]

    def _part(self, kind: Kind, html: Callable[[Catalogue], str], text: Both) -> Part:
        pages = {lang: str(html(t)) for lang, t in self.texts.items()}
        return Part(kind, pages, text, self.lang)

    def _say(self, key: str, values: Mapping[str, Any]) -> Both:
        return {lang: t(key, **values) for lang, t in self.texts.items()}

    def answer(self, key: str, sub: str = "", **values: Any) -> Part:
        """Show the meeting's answer as the title, with a sentence of context under it."""
        title = self._say(key, values)
        self._title = title
        under = self._say(sub, values) if sub else {}
        return self._part(
            "answer", lambda t: macros().answer(title[t.lang], under.get(t.lang, "")), title
        )

    def section(self, key: str, note: str = "", **values: Any) -> Part:
        """Show a heading that says the finding or asks the question, with unit and reading aid."""
        title = self._say(key, values)
        self._title = title
        under = self._say(note, values) if note else {}
        return self._part(
            "section", lambda t: macros().section(title[t.lang], under.get(t.lang, "")), title
        )

    def note(self, key: str, **values: Any) -> Part:
        """Show a sentence in small type."""
        text = self._say(key, values)
        return self._part("note", lambda t: macros().note(text[t.lang]), text)

    def figures(self, figures: Sequence[Figure]) -> Part:
        """Show headline figures, four at best, each with its comparison."""
        rows = {lang: [_show_figure(t, f) for f in figures] for lang, t in self.texts.items()}
        text = {
            lang: "; ".join(f"{row['label']}: {row['value']}" for row in shown)
            for lang, shown in rows.items()
        }
        return self._part("figures", lambda t: macros().figures(rows[t.lang]), text)

    def table(
        self,
        frame: pd.DataFrame,
        columns: Sequence[str] | None = None,
        *,
        limit: int = 20,
        tones: Mapping[str, pd.Series] | None = None,
        formats: Mapping[str, str] | None = None,
        headings: Mapping[str, str] | None = None,
        compact: bool = False,
        pick: pd.Series | None = None,
    ) -> Part:
        """Show a table, most important row first.

        Args:
            frame: the rows, already sorted.
            columns: columns to show; None is all. Written by suffix (`_qty`, `_value`, `_rate`,
                `_hours`, `_days`, `_months`), months, labels of codes, words of the catalogue.
                A cell may be a `Say`, `Amount`, `Band` or `Spark`.
            limit: rows shown; below the table it says how many there are.
            tones: for a column, good, warn or bad for each row (missing: no judgement).
            formats: format of a column, by name, such as ``{"gap_value": "signed_money"}``.
            headings: key of a column's heading, by name; else ``col.<name>``.
            compact: amounts in three digits (¥ 4.9 M) instead of whole figures.
            pick: true for the row to mark.
        """
        view = View(
            list(frame.columns if columns is None else columns),
            formats or {},
            headings or {},
            compact,
            tones or {},
            pick,
        )
        shown = frame.head(limit)
        text = {lang: describe(t, frame, view) for lang, t in self.texts.items()}
        return self._part("table", lambda t: write_table(t, shown, view, len(frame)), text)

    def cards(self, cards: Sequence[Card], numbered: bool = False) -> Part:
        """Show cards in three columns; `numbered` puts 1., 2., 3. before the titles."""
        rows = {
            lang: [_show_card(t, card, n if numbered else 0) for n, card in enumerate(cards, 1)]
            for lang, t in self.texts.items()
        }
        text = {lang: "; ".join(row["title"] for row in shown) for lang, shown in rows.items()}
        empty = {lang: t("part.empty") for lang, t in self.texts.items()}
        return self._part(
            "cards",
            lambda t: macros().cards(rows[t.lang]) if cards else macros().note(empty[t.lang]),
            text if cards else empty,
        )

    def chart(
        self,
        plot: Callable[[Catalogue], Any],
        label: str = "",
        **values: Any,
    ) -> Part:
        """Show a chart, drawn once for each language.

        Args:
            plot: takes the catalogue, returns an Altair chart (or a Vega-Lite spec).
            label: key of the text for readers who do not see it; empty: the title above it.
            values: what the label asks for.
        """
        titles = self._say(label, values) if label else self._title
        text = {lang: t("part.chart", title=titles.get(lang, "")) for lang, t in self.texts.items()}
        specs = {lang: plots.to_spec(plot(t), lang) for lang, t in self.texts.items()}
        part = self._part("chart", lambda t: _write_chart(t, specs[t.lang], text[t.lang]), text)
        if not self.interactive:
            shown = macros().note(text[self.lang])
        else:
            still = Markup(plots.to_still(specs[self.lang], self.lang))
            shown = macros().still(still, text[self.lang])
        return Part(part.kind, part.html, part.text, part.lang, str(shown))

    def beside(self, *columns: Part | Iterable[Part]) -> Part:
        """Show parts side by side; a column is a part or a list of parts."""
        stacks = [[column] if isinstance(column, Part) else list(column) for column in columns]
        text = {lang: "; ".join(p.text[lang] for s in stacks for p in s) for lang in self.texts}
        html = {
            lang: str(macros().beside([Markup("".join(p.html[lang] for p in s)) for s in stacks]))
            for lang in self.texts
        }
        stills = [Markup("".join(p.shown or p.html[self.lang] for p in s)) for s in stacks]
        return Part("beside", html, text, self.lang, str(macros().beside(stills)))

    def fold(self, key: str, *parts: Part, **values: Any) -> Part:
        """Show parts behind a line that opens them; tables, notes and cards, but no charts.

        A chart takes its width from the page, which a closed fold does not have.

        Args:
            key: key of the line; says what lies behind it.
            parts: what it opens.
            values: what the line asks for.
        """
        text = self._say(key, values)
        html = {
            lang: str(macros().fold(text[lang], [Markup(part.html[lang]) for part in parts]))
            for lang in self.texts
        }
        return Part("fold", html, text, self.lang)

    def record(self, parameters: Mapping[str, object]) -> Part:
        """Show how to repeat the page; fingerprint and time of the run are added by the report."""
        rows = [{"name": name, "value": _plain(value)} for name, value in parameters.items()]
        text = {lang: self._record_line(t) for lang, t in self.texts.items()}
        return self._part("record", lambda t: self._write_record(t, rows), text)

    def _record_line(self, t: Catalogue) -> str:
        return f"{t('record.cycle')} {self.cycle}, sopkit {sopkit.__version__}"

    def _write_record(self, t: Catalogue, rows: list[dict[str, str]]) -> str:
        facts = [
            {"label": t("record.cycle"), "value": self.cycle},
            {"label": t("record.version"), "value": sopkit.__version__},
        ]
        heads = {"parameters": t("record.parameters")}
        none = t("record.no_parameters")
        return macros().record(t("record.title"), facts, rows, heads, none)


def _show_figure(t: Catalogue, figure: Figure) -> dict[str, str]:
    value = t.show(figure.value, figure.spec) if figure.spec else str(figure.value)
    return {
        "label": t(figure.label, **figure.values),
        "value": value,
        "note": t(figure.note, **figure.values) if figure.note else "",
        "tone": figure.tone or "",
    }


def _show_card(t: Catalogue, card: Card, number: int) -> dict[str, Any]:
    title = t(card.title[0], **card.title[1])
    return {
        "title": f"{number}. {title}" if number else title,
        "body": t(card.body[0], **card.body[1]) if card.body else "",
        "table": "" if card.table is None else Markup(_write_options(t, card, card.table)),
        "who": _show_owner(t, card.who),
        "when": "" if is_missing(card.when) else t("part.by_day", d=card.when),
        "tone": card.tone or "",
    }


def _show_owner(t: Catalogue, who: Message | str | None) -> str:
    if who is None or isinstance(who, str):
        return who or ""
    return t(who[0], **who[1])


def _write_options(t: Catalogue, card: Card, options: pd.DataFrame) -> str:
    columns = [name for name in card.columns or options.columns if name != "recommended"]
    pick = options["recommended"] if "recommended" in options.columns else None
    view = View(columns, card.formats, card.headings, compact=True, pick=pick)
    return write_table(t, options, view, len(options), boxed=False)


def _write_chart(t: Catalogue, spec: plots.Spec, label: str) -> str:
    height = spec.get("height")
    reserved = height + 30 if isinstance(height, (int, float)) else 0
    json_text = Markup(plots.to_json(spec))
    return str(macros().chart(json_text, label, t("part.no_script"), reserved))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
