"""The arithmetic of the bridge: what each part is, at every leaf and month, summing to the gap."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.parts import COST_PARTS, LEAF_PARTS

LEAF = ["family", "item"]


def split_leaves(leaves: pd.DataFrame) -> pd.DataFrame:
    """Explain every leaf's gap of every month by parts that sum to it exactly.

    Per leaf i with budget margin m (or price) a unit, over the year B, D the budgeted and wanted
    quantity, b, d, p a month's budget, demand and plan, and G = total demand / total budget of the
    leaves that both sides have (in base units where these share one, else at budget price):
    volume = (G - 1) b m; mix = (D/B - G) b m, against the total of all leaves; timing =
    (d - b D/B) x m of the year, which is 0 over the year; where a budget's unit margin moves in the
    year, having more in dear months is mix too. Then supply lost = (p - d) m, and on plan quantity
    in this order exchange rate, price, cost parts and the rest of cost. Leaves of one side only
    stand in `new` or `ended` whole. Returned goods stand apart. A budget with money in months
    without quantity counts at its margin of the year, the difference in timing.

    Args:
        leaves: what `join_leaves` returned, the months of one fiscal year.

    Returns:
        A row a leaf, month and basis (`margin`, `revenue`): `family`, `item`, `period`, `basis`,
        `budget`, `plan` and the columns of LEAF_PARTS; plan - budget = sum of the parts.

    Example:
        Budget 10 a month in January and February at margin 4; all 20 come in February: volume and
        mix 0, timing -40 then +40.
    """
    facts = leaves.assign(**_find_totals(leaves))
    weight = facts["year_price"] if len(facts["unit"].unique()) > 1 else 1.0
    both = facts["in_both"]
    total = (weight * facts["ref_qty"])[both].sum()
    growth = (weight * facts["demand_qty"])[both].sum() / total if total > 0 else 1.0
    frames = [_split_basis(facts, growth, basis) for basis in ("margin", "revenue")]
    return pd.concat(frames, ignore_index=True)


def _find_totals(leaves: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the year's sums and unit rates of every row's leaf."""
    sums = leaves.groupby(LEAF)[
        ["ref_qty", "ref_value", "ref_margin_value", "demand_qty", "plan_qty"]
    ].transform("sum")
    budgeted = sums["ref_qty"].where(sums["ref_qty"] > 0)
    loose = (leaves["ref_qty"] == 0) & (
        (leaves["ref_value"] != 0) | (leaves["ref_margin_value"] != 0)
    )
    steady = ~loose.groupby([leaves[key] for key in LEAF]).transform("any")
    own = leaves["ref_qty"].where(leaves["ref_qty"] > 0).where(steady)
    year_price = (sums["ref_value"] / budgeted).fillna(0.0)
    year_margin = (sums["ref_margin_value"] / budgeted).fillna(0.0)
    return {
        "in_both": (sums["ref_qty"] > 0) & ((sums["demand_qty"] > 0) | (sums["plan_qty"] > 0)),
        "year_ref_qty": budgeted,
        "year_demand_qty": sums["demand_qty"],
        "year_price": year_price,
        "year_margin": year_margin,
        "price": (leaves["ref_value"] / own).fillna(year_price),
        "margin": (leaves["ref_margin_value"] / own).fillna(year_margin),
    }


def _split_basis(facts: pd.DataFrame, growth: float, basis: str) -> pd.DataFrame:
    costly = basis == "margin"
    rate = "margin" if costly else "price"
    unit, year_unit = facts[rate], facts[f"year_{rate}"]
    gone = facts["ref_margin_value" if costly else "ref_value"]
    spent = facts["cost_value"] if costly else 0.0
    at_budget = facts["ref_qty"] * (facts["year_demand_qty"] / facts["year_ref_qty"])
    moved = facts["demand_qty"] - at_budget
    parts = pd.DataFrame(
        {
            "volume": (growth - 1) * facts["ref_qty"] * unit,
            "mix": (at_budget - growth * facts["ref_qty"]) * unit + moved * (unit - year_unit),
            "timing": moved * year_unit + facts["ref_qty"] * unit - gone,
            "supply_lost": (facts["plan_qty"] - facts["demand_qty"]) * unit,
            "exchange": facts["exchange_value"],
            "price": facts["revenue_value"]
            - facts["exchange_value"]
            - facts["price"] * facts["plan_qty"],
            **(_split_cost(facts) if costly else {}),
        }
    ).reindex(columns=list(LEAF_PARTS), fill_value=0.0)
    both = facts["in_both"]
    parts = parts.where(both, 0.0)
    fresh = facts["revenue_value"] - spent
    parts["new"] = fresh.where(~both, 0.0)
    parts["ended"] = -gone.where(~both, 0.0)
    parts["returns"] = facts["ref_return_value"] - facts["return_value"]
    ends = facts[["family", "item", "period"]].assign(
        basis=basis,
        budget=gone - facts["ref_return_value"],
        plan=fresh - facts["return_value"],
    )
    return ends.join(parts)


def _split_cost(facts: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the change of unit cost on plan quantity, by part; `cost` is what no part names.

    A part counts where both sides know it; else its cost is in the rest.
    """
    budgeted = facts["year_ref_qty"]
    found: dict[str, pd.Series] = {}
    steady = facts["ref_qty"].where(facts["ref_qty"] > 0)
    for part in COST_PARTS:
        sums = facts.groupby(LEAF)[[f"ref_{part}_value", f"{part}_value"]].transform("sum")
        known = (sums != 0).all(axis=1)
        unit = (facts[f"ref_{part}_value"] / steady).fillna(sums[f"ref_{part}_value"] / budgeted)
        change = unit * facts["plan_qty"] - facts[f"{part}_value"]
        found[part] = change.where(known, 0.0).fillna(0.0)
    whole = (facts["price"] - facts["margin"]) * facts["plan_qty"] - facts["cost_value"]
    found["cost"] = whole - sum(found.values())
    return found
