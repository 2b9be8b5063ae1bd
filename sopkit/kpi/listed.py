"""Every KPI of the formulas page: formula, unit, level, home of the formula, how to read it."""

from __future__ import annotations

from typing import Any

ITEM = "item-location"
LINE = "line"
TOTAL = "total"

FORECAST: dict[str, dict[str, Any]] = {
    "accuracy": {
        "formula": "max(0, 1 - sum |A - F| / sum A)",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.forecast_accuracy",
        "notes": "agreed demand of past cycles where there is any, else the baseline's backtest",
    },
    "wape": {
        "formula": "sum |A - F| / sum |A|",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.wape",
        "better": "low",
    },
    "bias": {
        "formula": "sum (F - A) / sum A",
        "unit": "signed_rate",
        "level": ITEM,
        "home": "sopkit.accuracy.bias_rate",
        "better": "zero",
        "notes": "plus: forecast too high",
    },
    "tracking": {
        "formula": "items with |sum (F - A) / MAD| > 4 / items, last 12 months",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.track_places",
        "better": "low",
        "zero": "an item without any error leans no way",
        "notes": "36 % of unbiased series of twelve months lie beyond 4 by chance",
    },
    "mase": {
        "formula": "mean |A - F| / mean in-sample |y(t) - y(t - 12)|",
        "unit": "number",
        "level": ITEM,
        "home": "sopkit.accuracy.mase",
        "better": "low",
        "zero": "n/a for a flat history",
        "blank": "studied",
        "studied": True,
    },
    "rmsse": {
        "formula": "sqrt(mean (A - F)^2 / in-sample mean (y(t) - y(t - 1))^2)",
        "unit": "number",
        "level": ITEM,
        "home": "sopkit.accuracy.rmsse",
        "better": "low",
        "notes": "from the first non-zero month",
        "blank": "studied",
        "studied": True,
    },
    "smape": {
        "formula": "mean 200 |A - F| / (|A| + |F|)",
        "unit": "number",
        "level": ITEM,
        "home": "sopkit.accuracy.smape",
        "better": "low",
        "zero": "0 / 0 counts 0",
        "notes": "only to compare with published tables",
        "blank": "studied",
        "studied": True,
    },
    "pinball": {
        "formula": "mean max(q (A - Q), (q - 1) (A - Q))",
        "unit": "number",
        "level": ITEM,
        "home": "sopkit.accuracy.pinball",
        "better": "low",
        "blank": "studied",
        "studied": True,
    },
    "coverage": {
        "formula": "share of A inside [lo, hi]",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.coverage",
        "better": "none",
        "notes": "against its nominal share; see the demand review",
        "blank": "in_demand_review",
    },
    "value_added": {
        "formula": "WAPE(step before) - WAPE(step), in points",
        "unit": "signed_rate",
        "level": ITEM,
        "home": "sopkit.accuracy.forecast_value_added",
        "notes": "here the baseline against the naive forecast; steps and streams: demand review",
    },
    "hit_rate": {
        "formula": "share of changes with |A - F after| < |A - F before|, ties left out",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.hit_rate",
        "notes": "of people's overrides in past cycles",
    },
    "stability": {
        "formula": "sum |F this cycle - F last cycle| / sum F last cycle",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.stability",
        "better": "low",
    },
    "touchless": {
        "formula": "items accepted with no edit / items",
        "unit": "rate",
        "level": "item",
        "home": "sopkit.kpi.measure_touchless_share",
        "notes": "beside their WAPE, in the demand review",
    },
}

PLAN: dict[str, dict[str, Any]] = {
    "nervousness": {
        "formula": "sum w |P - P last| / sum w P last",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.accuracy.nervousness",
        "better": "low",
        "notes": "w is 1 inside the fence, then 1/2, 1/3, ...",
    },
    "adherence": {
        "formula": "1 - sum |made - plan| / sum plan",
        "unit": "rate",
        "level": "item",
        "home": "sopkit.accuracy.adherence",
        "notes": "floor 0; over and under stand apart and sum to 1 - it",
    },
    "adherence_over": {
        "formula": "sum max(made - plan, 0) / sum plan",
        "unit": "rate",
        "level": "item",
        "home": "sopkit.kpi.measure_adherence",
        "better": "low",
    },
    "adherence_under": {
        "formula": "sum max(plan - made, 0) / sum plan",
        "unit": "rate",
        "level": "item",
        "home": "sopkit.kpi.measure_adherence",
        "better": "low",
    },
    "attainment": {
        "formula": "sum min(made, plan) / sum plan",
        "unit": "rate",
        "level": "item",
        "home": "sopkit.accuracy.attainment",
    },
    "utilisation": {
        "formula": "load with set-ups / regular hours",
        "unit": "rate",
        "level": "resource",
        "home": "sopkit.kpi.measure_utilisation",
        "better": "none",
        "notes": "coming 3 months of the plan, all resources; the capacity table names efficiency",
    },
    "utilisation_overtime": {
        "formula": "load with set-ups / (regular + overtime hours)",
        "unit": "rate",
        "level": "resource",
        "home": "sopkit.kpi.measure_utilisation",
        "better": "none",
    },
    "overload": {
        "formula": "draws of demand with load > available / draws, before pre-build",
        "unit": "rate",
        "level": "resource",
        "home": "sopkit.kpi.measure_overload",
        "better": "low",
        "notes": "the worst resource-month of the coming 6; not the chance that a plan is feasible",
    },
    "backlog": {
        "formula": "backlog before + demand - served - lost - cancelled",
        "unit": "qty",
        "level": LINE,
        "home": "sopkit.kpi.measure_backlog",
        "better": "low",
        "notes": "open quantity of lines due by the month's end",
    },
    "revenue_at_risk": {
        "formula": "sum unfilled quantity x net price",
        "unit": "value",
        "level": ITEM,
        "home": "sopkit.kpi.measure_at_risk",
        "better": "low",
        "notes": "of the base plan over the horizon; over draws: chances of the targets",
    },
    "safety_stock": {
        "formula": "quantile of (actual - forecast) summed over protection months",
        "unit": "qty",
        "level": ITEM,
        "home": "sopkit.inventory",
        "better": "none",
        "blank": "in_supply_review",
    },
}

SERVICE: dict[str, dict[str, Any]] = {
    "line_fill": {
        "formula": "lines complete in their first shipment / lines due",
        "unit": "rate",
        "level": LINE,
        "notes": "the order table keeps one shipment a line, the last",
        "blank": "no_shipments",
    },
    "unit_fill": {
        "formula": "sum min(shipped by due, ordered) / sum ordered, lines due",
        "unit": "rate",
        "level": LINE,
        "home": "sopkit.kpi.measure_unit_fill",
        "notes": "a line whose last shipment was late counts nothing: a lower bound",
    },
    "otif": {
        "formula": "lines on time and in full / lines due",
        "unit": "rate",
        "level": LINE,
        "home": "sopkit.kpi.measure_otif",
        "notes": "against the requested day; by line, and by order where all its lines kept",
    },
    "otif_promise": {
        "formula": "lines on time and in full / lines due, against the first promise",
        "unit": "rate",
        "level": LINE,
        "home": "sopkit.kpi.measure_otif",
        "notes": "lines without a promise are left out",
    },
    "perfect_order": {
        "formula": "orders on time, in full, undamaged and rightly invoiced / orders",
        "unit": "rate",
        "level": "order",
        "blank": "no_documents",
    },
    "cycle_time": {
        "formula": "median days from order to shipment",
        "unit": "days",
        "level": LINE,
        "home": "sopkit.kpi.measure_cycle_time",
        "better": "low",
        "notes": "the day of delivery is not in the order table; lines shipped in full",
    },
    "cycle_time_p90": {
        "formula": "P90 of days from order to shipment",
        "unit": "days",
        "level": LINE,
        "home": "sopkit.kpi.measure_cycle_time",
        "better": "low",
    },
    "fulfilment": {
        "formula": "orders complete / orders due",
        "unit": "rate",
        "level": "order",
        "home": "sopkit.kpi.measure_fulfilment",
        "notes": "late ones count as complete",
    },
    "satisfaction": {
        "formula": "an input series",
        "unit": "number",
        "level": TOTAL,
        "notes": "shown, never modelled",
        "blank": "no_input",
    },
}

STOCK: dict[str, dict[str, Any]] = {
    "turns": {
        "formula": "cost of goods sold, 12 months / mean of 13 month-ends",
        "unit": "turns",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_turns",
        "zero": "n/a without stock",
        "rolling": 12,
    },
    "cover_days": {
        "formula": "stock / forward demand per day, next 3 months",
        "unit": "days",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_cover",
        "better": "none",
        "notes": "forward; 365 / turns looks backward",
    },
    "period_of_cover": {
        "formula": "days until stock on hand alone reaches 0",
        "unit": "days",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_period_of_cover",
        "better": "none",
    },
    "excess": {
        "formula": "excess stock / stock, at standard cost",
        "unit": "rate",
        "level": ITEM,
        "home": "sopkit.kpi.measure_excess",
        "better": "low",
        "notes": "above safety, cycle and planned pre-build, and three months",
    },
    "carrying_cost": {
        "formula": "stock at standard cost x holding rate / 12",
        "unit": "value",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_carrying_cost",
        "better": "low",
        "notes": "a month; the rate that the plan was made with",
    },
}

MONEY: dict[str, dict[str, Any]] = {
    "supply_cost_rate": {
        "formula": "cost of the plan / revenue it serves",
        "unit": "rate",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_supply_cost",
        "better": "low",
        "notes": "make, buy, move, hours, holding, expiry over all months solved; no penalties",
    },
    "margin_rate": {
        "formula": "(net revenue - returns - standard cost) / net revenue",
        "unit": "rate",
        "level": TOTAL,
        "home": "sopkit.kpi.measure_margin_rate",
    },
    "budget_gap": {
        "formula": "(plan - budget) / budget, margin of the fiscal year",
        "unit": "signed_rate",
        "level": TOTAL,
        "home": "sopkit.finance.bridge_years",
        "notes": "actual to date + plan to go",
    },
}

PROCESS: dict[str, dict[str, Any]] = {
    "steps_on_time": {
        "formula": "steps signed on their day / steps signed",
        "unit": "rate",
        "level": "cycle",
        "home": "sopkit.process.health.measure_health",
    },
    "days_late": {
        "formula": "days late, summed over steps",
        "unit": "days",
        "level": "cycle",
        "home": "sopkit.process.health.measure_health",
        "better": "low",
    },
    "close_to_sign": {
        "formula": "days from close to sign-off",
        "unit": "days",
        "level": "cycle",
        "home": "sopkit.process.health.measure_health",
        "better": "low",
    },
    "open_conflicts": {
        "formula": "conflicts opened in the cycle and open",
        "unit": "number",
        "level": "cycle",
        "home": "sopkit.process.health.measure_health",
        "better": "low",
    },
    "one_number": {
        "formula": "revenue with one agreed number / revenue",
        "unit": "rate",
        "level": "cycle",
        "home": "sopkit.consensus.share_agreed",
    },
    "decision_effect": {
        "formula": "realised - expected, two simulations under actual demand",
        "unit": "value",
        "level": "decision",
        "home": "sopkit.scenario.effect",
        "blank": "in_past_decisions",
    },
}

LISTED = {**FORECAST, **PLAN, **SERVICE, **STOCK, **MONEY, **PROCESS}
