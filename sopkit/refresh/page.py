"""A look as lines for the screen, as JSON, and as a page in both languages."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.cycle import to_paths, view_cycle, write_atomic
from sopkit.messages import LANGUAGES, Catalogue
from sopkit.refresh.keep import find_sentence, say_trigger
from sopkit.refresh.look import Look
from sopkit.report import Figure, Say, open_page
from sopkit.report.pages import Review, write_page
from sopkit.report.parts import Page, Part
from sopkit.report.site import read_issue
from sopkit.tables import ALL

SHOWN = 12


def name_page(look: Look) -> str:
    """Return the name of a look's page, without language: `refresh-2026-11-13`."""
    return f"refresh-{look.as_of:%Y-%m-%d}"


def write_pages(look: Look, lang: str) -> Path:
    """Write the look's page in both languages; return the one that opens in `lang`.

    Raises:
        SopkitError: the page would ask something of the network.
    """
    paths = to_paths(look.cycle, look.folder)
    issue = read_issue(look.folder, look.cycle)
    folder = look.folder / "reports" / look.cycle
    folder.mkdir(parents=True, exist_ok=True)
    page = open_page(
        view_cycle(paths.name, paths.folder),
        "refresh",
        currency=issue.company.currency,
        volume_unit=issue.company.volume_unit,
    )
    stored = [
        {**part.html, "kind": part.kind, "text": part.text} for part in _list_parts(look, page)
    ]
    review = Review(name_page(look), stored)
    written = {one: write_page(issue, review, one, folder, "") for one in LANGUAGES}
    first = folder / f"{name_page(look)}.html"
    write_atomic(first, written[lang].read_bytes())
    return first


def _list_parts(look: Look, page: Page) -> list[Part]:
    shows = (
        _show_answer,
        _show_month,
        _show_shipped,
        _show_orders,
        _show_triggers,
        _show_tasks,
        _show_record,
    )
    return [part for show in shows for part in show(look, page)]


def find_answer(look: Look) -> tuple[str, dict[str, Any]]:
    """Return the key of the look's answer, and its values."""
    whole = look.month[look.month["family"] == ALL]
    risk = float(look.orders["short_value"].sum())
    values = {"day": look.as_of, "n": int(look.triggers["fired"].sum()), "risk": risk,
              "orders": len(look.orders)}  # fmt: skip
    if whole.empty or whole["state"].iloc[0] == "none":
        return "refresh.answer_no_plan", values
    row = whole.iloc[0]
    state = {"below": "below", "above": "above"}.get(str(row["state"]), "inside")
    return f"refresh.answer_{state}", {
        **values, "ordered": row["ordered_qty"], "expected": row["expected_qty"],
        "rate": abs(row["change_rate"]), "share": row["share_rate"],
    }  # fmt: skip


def _show_answer(look: Look, page: Page) -> list[Part]:
    key, values = find_answer(look)
    plan = "signed" if look.is_published else "proposed"
    whole = look.month[look.month["family"] == ALL].head(1).to_dict("records")
    figures = [figure for row in whole for figure in _show_figures(row)]
    figures.append(
        Figure("refresh.fig_risk", look.orders["short_value"].sum(), "money",
               note="refresh.fig_risk_note", values={"n": len(look.orders)},
               tone="bad" if len(look.orders) else "good")
    )  # fmt: skip
    return [
        page.answer(key, sub=f"refresh.sub_{plan}", newest=look.newest, **values),
        page.figures(figures),
    ]


def _show_figures(row: Mapping[Hashable, Any]) -> list[Figure]:
    said = {
        "ordered": {"expected": row["expected_qty"]},
        "month": {"demand": row["demand_qty"]},
        "shipped": {"plan": row["ship_plan_qty"]},
    }
    return [
        Figure(
            f"refresh.fig_{name}",
            row[f"{name}_qty"],
            "qty",
            note=f"refresh.fig_{name}_note",
            values=values,
        )
        for name, values in said.items()
    ]


def _show_month(look: Look, page: Page) -> list[Part]:
    off = look.month[look.month["state"].isin(["below", "above"]) & (look.month["family"] != ALL)]
    counted = int(look.month["month_count"].max()) if len(look.month) else 0
    rows = look.month.sort_values(
        "change_rate", key=lambda s: s.abs(), ascending=False, kind="stable"
    )
    columns = ["family", "demand_qty", "expected_qty", "ordered_qty", "change_qty", "change_rate",
               "low_qty", "high_qty", "month_qty"]  # fmt: skip
    return [
        page.section(
            "refresh.month_off" if len(off) else "refresh.month_fine",
            note="refresh.month_note" if counted else "refresh.month_note_days",
            n=len(off), months=counted,
        ),
        page.table(
            rows.assign(state=rows["state"].map(lambda one: Say(f"refresh.state.{one}"))),
            [*columns, "state"], compact=True, limit=40,
            formats={"change_qty": "signed_qty", "change_rate": "signed_rate"},
            headings={name: f"refresh.col.{name}" for name in [*columns[1:], "state"]},
            pick=rows["family"] == ALL,
        ),
    ]  # fmt: skip


def _show_shipped(look: Look, page: Page) -> list[Part]:
    """Return what was shipped and made so far against the plan by working days."""
    whole = look.month[look.month["family"] == ALL]
    if whole.empty or not (whole["plan_qty"] > 0).all():
        return []
    columns = ["family", "plan_qty", "ship_plan_qty", "shipped_qty"]
    if look.month["made_qty"].notna().any():
        columns += ["make_plan_qty", "made_qty"]
    row = whole.iloc[0]
    return [
        page.section("refresh.shipped", note="refresh.shipped_note", shipped=row["shipped_qty"],
                     expected=row["ship_plan_qty"], days=row["days_rate"]),
        page.table(look.month, columns, compact=True, limit=40, pick=look.month["family"] == ALL,
                   headings={name: f"refresh.col.{name}" for name in columns[1:]}),
    ]  # fmt: skip


def _show_orders(look: Look, page: Page) -> list[Part]:
    value = look.orders["short_value"].sum()
    note = "refresh.orders_note" if look.is_counted else "refresh.orders_note_carried"
    head = page.section("refresh.orders" if len(look.orders) else "refresh.orders_none",
                        note=note, n=len(look.orders), value=value)  # fmt: skip
    if look.orders.empty:
        return [head]
    columns = ["order", "line", "item", "location", "customer", "due_date", "open_qty",
               "short_qty", "short_value", "covered_date"]  # fmt: skip
    table = page.table(look.orders, columns, compact=True, limit=SHOWN,
                       headings={name: f"refresh.col.{name}" for name in columns[5:]})  # fmt: skip
    return [head, table]


def _show_triggers(look: Look, page: Page) -> list[Part]:
    fired = look.triggers[look.triggers["fired"]]
    head = page.section(
        "refresh.triggers" if len(fired) else "refresh.triggers_none",
        note="refresh.triggers_note",
        n=len(fired),
        watched=len(look.triggers),
    )
    if fired.empty:
        return [head]
    said = [Say(*find_sentence(row)) for row in fired.to_dict("records")]
    told = [Say("refresh.told", {"told": [one.strip() for one in str(text).split(",")]})
            for text in fired["told"]]  # fmt: skip
    rows = pd.DataFrame({"what": said, "told": told, "owner": fired["owner"].to_numpy(),
                         "due_date": fired["due_date"].to_numpy()})  # fmt: skip
    names = {name: f"refresh.col.{name}" for name in ("what", "told", "due_date")}
    return [head, page.table(rows, headings={**names, "due_date": "refresh.col.answer_date"})]


def _show_tasks(look: Look, page: Page) -> list[Part]:
    if look.tasks.empty:
        return []
    return [page.note("refresh.tasks", n=len(look.tasks), numbers=", ".join(look.tasks["number"]))]


def _show_record(look: Look, page: Page) -> list[Part]:
    days = {"as_of": f"{look.as_of:%Y-%m-%d}", "newest": f"{look.newest:%Y-%m-%d}"}
    return [page.record(days)]


def look_to_lines(look: Look, t: Catalogue) -> list[str]:
    """Return the look as lines for the screen."""
    key, values = find_answer(look)
    lines = [t(key, **values), t(f"refresh.sub_{'signed' if look.is_published else 'proposed'}",
                                 newest=look.newest)]  # fmt: skip
    off = look.month[look.month["state"].isin(["below", "above"])]
    lines += [
        "  " + t("refresh.line_family", family=row["family"], rate=row["change_rate"],
                 ordered=row["ordered_qty"], expected=row["expected_qty"])
        for row in off.to_dict("records")
    ]  # fmt: skip
    lines += [
        "  "
        + t(
            "refresh.line_order",
            **{**{str(k): v for k, v in row.items()}, "covered": row["covered_date"]},
        )
        for row in look.orders.head(5).to_dict("records")
    ]
    fired = look.triggers[look.triggers["fired"]]
    lines += [
        "  " + t("refresh.line_trigger", what=say_trigger(row, t), owner=row["owner"],
                 due=row["due_date"])
        for row in fired.to_dict("records")
    ]  # fmt: skip
    if len(look.tasks):
        lines.append(t("refresh.tasks", n=len(look.tasks), numbers=", ".join(look.tasks["number"])))
    return lines


def look_to_json(look: Look) -> dict[str, Any]:
    """Return the whole look for programs: days as ISO text, blanks as null."""
    frames = {"month": look.month, "orders": look.orders, "triggers": look.triggers}
    rows = {
        name: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s"))
        for name, frame in frames.items()
    }
    return {
        "cycle": look.cycle,
        "company": look.company,
        "as_of": f"{look.as_of:%Y-%m-%d}",
        "newest": f"{look.newest:%Y-%m-%d}",
        "published": look.is_published,
        "stock_counted": look.is_counted,
        **rows,
        "tasks": look.tasks["number"].tolist() if len(look.tasks) else [],
    }
