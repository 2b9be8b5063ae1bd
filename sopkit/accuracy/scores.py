"""Scores of forecasts, group by group."""

from __future__ import annotations

import pandas as pd

FORECAST, REFERENCE, ACTUAL = "forecast_qty", "reference_qty", "actual_qty"


def score_forecasts(
    cells: pd.DataFrame, by: list[str], reference: str | None = "naive_qty"
) -> pd.DataFrame:
    """Score cells group by group.

    Args:
        cells: columns of `by`, `forecast_qty`, `actual_qty` and the reference's column, a row a
            cell at the level that is to be scored.
        by: columns to group by; empty for one row.
        reference: column of the forecast to beat; None for none.

    Returns:
        A row a group, sorted: `cell_count`, `actual_qty`, `wape_rate`, `bias_rate` and, with a
        reference, `reference_wape_rate` and `value_added_rate` = reference WAPE - WAPE.

    Example:
        Forecast 8 and naive 5 for an actual 10: 0.2, bias -0.2, value added 0.3.
    """
    key = by or ["everything"]
    errors = to_errors(cells.assign(everything="all"), reference)
    sums = errors.groupby(key, sort=True)[_parts(errors)].sum()
    sold = sums["abs_actual"].where(sums["abs_actual"] != 0)
    scores = pd.DataFrame(
        {
            "cell_count": sums["cell_count"].astype(int),
            "actual_qty": sums["actual_qty"],
            "wape_rate": sums["abs_error"] / sold,
            "bias_rate": sums["error"] / sums["actual_qty"].where(sums["actual_qty"] != 0),
        }
    )
    if reference is not None:
        scores["reference_wape_rate"] = sums["abs_reference_error"] / sold
        scores["value_added_rate"] = scores["reference_wape_rate"] - scores["wape_rate"]
    return scores.reset_index(drop=not by)


def to_errors(cells: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """Return cells with the parts that every score sums: errors, bias, sizes, counts.

    Returns:
        The columns of `cells` that are no quantity, with `cell_count` (1), `actual_qty`,
        `abs_actual`, `abs_error`, `error` (forecast - actual) and, with a reference,
        `abs_reference_error`.
    """
    forecast, actual = cells[FORECAST].astype(float), cells[ACTUAL].astype(float)
    parts = cells.drop(columns=[name for name in cells.columns if name.endswith("_qty")]).assign(
        cell_count=1.0,
        actual_qty=actual,
        abs_actual=actual.abs(),
        abs_error=(actual - forecast).abs(),
        error=forecast - actual,
    )
    if reference is None:
        return parts
    return parts.assign(abs_reference_error=(actual - cells[reference].astype(float)).abs())


def _parts(errors: pd.DataFrame) -> list[str]:
    names = ["cell_count", "actual_qty", "abs_actual", "abs_error", "error", "abs_reference_error"]
    return [name for name in names if name in errors.columns]


def sum_cells(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum all quantities of cells to a higher level, so that it can be scored there."""
    amounts = [name for name in cells.columns if name.endswith("_qty")]
    return cells.groupby(by, as_index=False)[amounts].sum()


def score_streams(cells: pd.DataFrame) -> pd.DataFrame:
    """Score people's forecasts by stream, owner and lag against the reference on the same cells.

    Args:
        cells: `stream`, `owner`, `lag`, `period`, `forecast_qty`, `reference_qty`, `actual_qty`.

    Returns:
        Contract `stream_value` without `weight_rate`; groups that sold nothing are left out.

    Example:
        Stream 9, reference 8, actual 10: WAPE 0.1 against 0.2, value added 0.1, bias -0.1.
    """
    by = ["stream", "owner", "lag"]
    scores = score_forecasts(cells, by, reference=REFERENCE)
    months = cells.groupby(by, as_index=False).agg(month_count=("period", "nunique"))
    scored = scores.merge(months, on=by, how="left", validate="one_to_one")
    return scored.dropna(subset=["wape_rate"]).drop(columns="actual_qty").reset_index(drop=True)
