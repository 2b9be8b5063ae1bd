"""The agreed number: how much of the plan has one, which rule led there, what stands between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.consensus.conflicts.find import OPEN, keep_open, mark_disputed
from sopkit.consensus.levels import add_family
from sopkit.tables import ALL, CELL, TABLES, fit_columns

PARTS = ["baseline_qty", "event_qty", "pipeline_qty", "stream_qty", "override_qty"]
MONEY = ["demand_value", "revenue_value", "agreed_value"]
LEAST_SHARE = 0.001
BLOCK = ["family", "period"]


def list_agreed(
    consensus_demand: pd.DataFrame,
    plan: pd.DataFrame,
    item: pd.DataFrame,
    conflict: pd.DataFrame,
    stream_value: pd.DataFrame,
    override: pd.DataFrame,
    customer: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return agreed demand by family and month with the rule that led there.

    The rule is what decided last: the verdict of a settled conflict over the block; else people's
    changes, where they move its cells by 0.1 % of demand or more; else the weights that streams
    earned, where streams move them as much; else the baseline (with events and deals).

    Args:
        consensus_demand: contract `consensus_demand`, months shown.
        plan: `item`, `location`, `customer`, `period`, `demand_value`, `revenue_value`.
        item: contract `item`.
        conflict: contract `conflict`.
        stream_value: contract `stream_value`.
        override: contract `override`.
        customer: contract `customer`, for channels.

    Returns:
        Contract `agreed_number`; the parts sum to demand_qty where no cell was cut at 0.

    Example:
        Tea in March: baseline 100, streams +20 with weight 0.5, nobody objects: 120 by `weights`,
        `sales 50 %`, agreed.
    """
    rows = add_family(consensus_demand, item)
    size = rows.assign(
        moved_by_people=rows["override_qty"].abs(), moved_by_streams=rows["stream_qty"].abs()
    )
    names = ["demand_qty", *PARTS, "moved_by_people", "moved_by_streams"]
    blocks = size.groupby(BLOCK, as_index=False)[names].sum()
    disputed = mark_disputed(conflict, plan, item, customer)
    priced = plan.assign(agreed_value=plan["revenue_value"].where(~disputed, 0.0))
    money = add_family(priced, item).groupby(BLOCK, as_index=False)[MONEY].sum()
    blocks = blocks.merge(money, on=BLOCK, how="left", validate="one_to_one")
    blocks = blocks.fillna(dict.fromkeys(MONEY, 0.0))
    least = LEAST_SHARE * blocks["demand_qty"].clip(lower=1e-9)
    verdict = _name_conflicts(blocks, conflict[conflict["state"] == "settled"])
    by_people = blocks["moved_by_people"] >= least
    by_streams = blocks["moved_by_streams"] >= least
    rule = pd.Series("baseline", index=blocks.index)
    rule = (
        rule.mask(by_streams, "weights").mask(by_people, "override").mask(verdict != "", "verdict")
    )
    told = verdict.mask(rule == "override", _name_owners(blocks, override, item))
    told = told.mask(rule == "weights", _name_weights(stream_value))
    open_ones = _name_conflicts(blocks, conflict[conflict["state"].isin(OPEN)])
    blocks = blocks.assign(
        rule=rule,
        rule_code=told.replace("", None),
        conflict=open_ones.replace("", None),
        agreed=open_ones == "",
    )
    return fit_columns(blocks.sort_values(BLOCK, ignore_index=True), TABLES["agreed_number"])


def _name_conflicts(blocks: pd.DataFrame, conflict: pd.DataFrame) -> pd.Series:
    """Return the numbers of the conflicts over each block, joined."""
    told = pd.Series("", index=blocks.index)
    for row in conflict.sort_values("conflict", kind="stable").to_dict("records"):
        inside = blocks["period"].between(row["first_period"], row["last_period"])
        inside &= (blocks["family"] == row["family"]) | (row["family"] == ALL)
        told = told.mask(inside, told.where(told == "", told + ", ") + str(row["conflict"]))
    return told


def _name_owners(blocks: pd.DataFrame, override: pd.DataFrame, item: pd.DataFrame) -> pd.Series:
    """Return who changed each block: the owners of active overrides that reach it."""
    own = override["item"].map(item.set_index("item")["family"])
    family = override["family"].where(override["item"] == ALL, own).fillna("other")
    told: list[set[str]] = [set() for _ in range(len(blocks))]
    active = override.assign(family=family)[override["status"] != "withdrawn"]
    for row in active.to_dict("records"):
        inside = blocks["period"].between(row["start_period"], row["end_period"])
        inside &= (blocks["family"] == row["family"]) | (row["family"] == ALL)
        for place in inside.to_numpy().nonzero()[0]:
            told[place].add(str(row["owner"]))
    return pd.Series([", ".join(sorted(one)) for one in told], index=blocks.index, dtype=object)


def _name_weights(stream_value: pd.DataFrame) -> str:
    """Return streams with their weights, the heaviest first: `sales 97 %, orders 3 %`."""
    weights = stream_value.groupby(["stream", "owner"], as_index=False)["weight_rate"].max()
    used = weights[weights["weight_rate"] > 0]
    used = used.sort_values(["weight_rate", "stream", "owner"], ascending=[False, True, True])
    told = zip(used["stream"], used["weight_rate"], strict=True)
    return ", ".join(f"{name} {100 * float(weight):.3g} %" for name, weight in told)


def sum_rules(agreed_number: pd.DataFrame) -> pd.DataFrame:
    """Return how much of the plan's revenue each rule decided, agreed and disputed apart.

    Args:
        agreed_number: contract `agreed_number`.

    Returns:
        `rule`, `rule_code` (blank where blocks differ in it), `revenue_value`, `agreed_value` (of
        it without open conflict), `share_rate` of all revenue; the largest first.
    """
    rows = agreed_number
    sums = rows.groupby("rule", as_index=False)[["revenue_value", "agreed_value"]].sum()
    codes = rows.fillna({"rule_code": ""}).groupby("rule")["rule_code"].agg(["first", "nunique"])
    same = codes["first"].where(codes["nunique"] == 1).replace("", None)
    whole = float(sums["revenue_value"].sum())
    sums = sums.assign(
        rule_code=sums["rule"].map(same).astype(object),
        share_rate=sums["revenue_value"] / (whole or 1.0),
    )
    order = ["revenue_value", "rule"]
    return sums.sort_values(order, ascending=[False, True], ignore_index=True)


def tell_rule(rule: str, code: object) -> tuple[str, Mapping[str, Any]] | None:
    """Return who or what decided, as a message; None where the rule names nobody.

    Args:
        rule: weights, override, verdict or baseline.
        code: column `rule_code` of contract `agreed_number`, of one rule.

    Example:
        >>> tell_rule("override", "Li, Wang")
        ('conflicts.agreed_by.override', {'who': ['Li', 'Wang']})
    """
    if code is None or code != code or code == "":
        return None
    names = str(code).split(", ")
    if rule != "weights":
        return f"conflicts.agreed_by.{rule}", {"who": names}
    *earlier, last = [_tell_weight(name) for name in names]
    for one in reversed(earlier):
        last = ("conflicts.agreed_by.more", {"first": one, "rest": last})
    return last


def _tell_weight(text: str) -> tuple[str, Mapping[str, Any]]:
    """Return a stream and its weight, as `_name_weights` wrote them, as a message."""
    stream, weight, _ = text.rsplit(" ", 2)
    return "conflicts.agreed_by.weights", {"stream": stream, "rate": float(weight) / 100}


def sum_blockers(conflict: pd.DataFrame, share: float, today: pd.Timestamp) -> dict[str, Any]:
    """Say what stands between us and one number: how many, how much, the largest, the late ones.

    Args:
        conflict: contract `conflict`.
        share: what `share_agreed` returned.
        today: day of this cycle's pre-meeting.

    Returns:
        `n`, `gap` (sum of absolute gaps), `share`, `new`, `late` (past their last day), `oldest`
        (days open), `settled`, `closed`, and of the largest: `family`, `kind`, `largest` (its gap,
        signed), `first`, `second` (owners), `due`.

    Example:
        Gaps of -40 and +10: n 2, gap 50, largest -40.
    """
    rows = keep_open(conflict)
    told: dict[str, Any] = {
        "n": len(rows),
        "gap": float(rows["gap_value"].abs().sum()),
        "share": share,
        "new": int((rows["state"] == "new").sum()),
        "late": int((rows["due_date"] < today).sum()),
        "oldest": float(rows["days_open"].max()) if len(rows) else 0.0,
        "settled": int((conflict["state"] == "settled").sum()),
        "closed": int((conflict["state"] == "agreed").sum()),
    }
    names = {
        "family": "family",
        "kind": "kind",
        "largest": "gap_value",
        "first": "first_owner",
        "second": "second_owner",
        "due": "due_date",
    }
    return told | {word: rows[name].iloc[0] if len(rows) else None for word, name in names.items()}


def check_uncut(consensus_demand: pd.DataFrame, plan: pd.DataFrame) -> float:
    """Return the largest difference between agreed demand and what the plan was made for.

    Agreed demand is never cut for supply: the plan stands beside it, short where it is short.

    Args:
        consensus_demand: contract `consensus_demand`, months of the plan.
        plan: contract `consensus_plan`.

    Example:
        Agreed 100, the plan serves 80: `demand_qty` of the plan is 100 still; 0.
    """
    both = consensus_demand[[*CELL, "demand_qty"]].merge(
        plan[[*CELL, "demand_qty"]], on=CELL, how="outer", validate="one_to_one"
    )
    gap = both["demand_qty_x"].fillna(0.0) - both["demand_qty_y"].fillna(0.0)
    return float(gap.abs().max()) if len(both) else 0.0
