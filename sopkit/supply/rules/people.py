"""People where they are the limit: heads, hiring, laying off, overtime a head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sopkit.supply.inputs.capacity import limit_hours
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.tables import TABLES, fit_columns

Array = np.ndarray


@dataclass(frozen=True)
class People:
    """Crews: the resources whose hours are people's.

    Args:
        crews: `crew` (resource code), `resource` (row of the case's resources), and the columns
            of the contract `workforce`, blanks filled; a row per crew.
        regular_limit, overtime_limit: most hours that can be worked, whoever is there (crews x
            periods); infinite without a capacity row.
        whole: whether people are hired and laid off in whole steps only.
    """

    crews: pd.DataFrame
    regular_limit: Array
    overtime_limit: Array
    whole: bool = False


def prepare_people(
    tables: SupplyTables,
    resources: pd.DataFrame,
    periods: pd.DatetimeIndex,
    whole: bool = False,
) -> People:
    """Return the crews of the contract `workforce` that are resources of the case.

    Most heads are at least those there at the start, less all that can be laid off: nobody is
    made to leave by a limit alone, so that a plan exists.
    """
    numbers = pd.Series(resources.index, index=resources["resource"], dtype="int64")
    crews = tables.workforce[tables.workforce["resource"].isin(numbers.index)]
    crews = crews.sort_values("resource", ignore_index=True)
    ranks = crews["resource"].map(numbers).astype("int64")
    crews = crews.assign(crew=crews["resource"], resource=ranks)
    step = crews["shift_heads"].where(crews["shift_heads"] > 0, 1.0).astype(float)
    left = crews["heads"] % step if whole else 0.0 * step
    least = left.where(crews["may_lay_off"].astype(bool), crews["heads"])
    most = crews["max_heads"].astype(float).fillna(np.inf)
    crews = crews.assign(shift_heads=step, max_heads=np.maximum(most, least))
    named = pd.DataFrame({"resource": crews["crew"]})
    machines = tables.resource.set_index("resource")["machines"].reindex(named["resource"])
    regular, overtime = limit_hours(
        named.assign(machines=machines.to_numpy(float)), tables.capacity, periods
    )
    return People(crews, regular, overtime, whole)


def add_people(model: Model, people: People) -> None:
    """Add heads, and hours as there are heads.

    Variables: `heads`, `hired`, `laid_off` (people; whole steps of `shift_heads` where people are
    whole). Cost term `people`: pay of the heads, used or not, hiring, laying off.

    1. `heads_balance`: heads = heads before + hired - laid off, from the first month on.
    2. `capacity_limit` of a crew: hours needed - overtime <= heads x hours a head.
    3. `overtime_limit`: overtime <= heads x overtime a head.
    4. `work_limit`: hours needed - overtime <= what a capacity row of the crew allows.
    """
    if people.crews.empty:
        return
    _add_heads(model, people)
    _limit_hours(model, people)
    _limit_overtime(model, people)
    _limit_work(model, people)


def _column(people: People, name: str, months: int) -> Array:
    values = people.crews[name].to_numpy(float)
    return np.repeat(values[:, None], months, axis=1)


def _add_heads(model: Model, people: People) -> None:
    crews, months = people.crews, len(model.periods)
    step = crews["shift_heads"].to_numpy(float) if people.whole else np.ones(len(crews))
    model.add_dim("crew", pd.Index(crews["crew"], dtype=object), step)
    most = _column(people, "max_heads", months)
    model.blocks["heads"] = Block("crew", most, {"people": _column(people, "head_value", months)})
    for name, allowed, price in (
        ("hired", "may_hire", "hire_value"),
        ("laid_off", "may_lay_off", "lay_off_value"),
    ):
        can = _column(people, allowed, months) > 0
        model.blocks[name] = Block(
            "crew",
            np.full(can.shape, np.inf),
            {"people": _column(people, price, months)},
            keep=can,
            whole=people.whole,
        )
    start = np.zeros((len(crews), months))
    start[:, 0] = crews["heads"].to_numpy(float)
    terms = [Term("heads"), Term("heads", -1.0, delay=1), Term("hired", -1.0), Term("laid_off")]
    model.rows["heads_balance"] = Rows("crew", start, start, terms)


def _limit_hours(model: Model, people: People) -> None:
    """Make a crew's regular hours those of its heads."""
    crew = people.crews["resource"].to_numpy(int)
    rows = model.rows["capacity_limit"]
    upper = rows.upper.copy()
    upper[crew] = 0.0
    per_head = people.crews["hours_per_head"].to_numpy(float)[:, None]
    model.rows["capacity_limit"] = replace(
        rows, upper=upper, terms=[*rows.terms, Term("heads", -per_head, to=crew)]
    )


def _limit_overtime(model: Model, people: People) -> None:
    crew, months = people.crews["resource"].to_numpy(int), len(model.periods)
    block = model.blocks["overtime"]
    upper = block.upper.copy()
    upper[crew] = people.overtime_limit
    model.blocks["overtime"] = replace(block, upper=upper)
    per_head = people.crews["overtime_per_head"].to_numpy(float)[:, None]
    none = np.zeros((len(crew), months))
    terms = [Term("overtime", pick=crew), Term("heads", -per_head)]
    model.rows["overtime_limit"] = Rows("crew", np.full_like(none, -np.inf), none, terms)


def _limit_work(model: Model, people: People) -> None:
    limited = np.isfinite(people.regular_limit)
    if not limited.any():
        return
    crew = people.crews["resource"].to_numpy(int)
    terms = [Term("overtime", -1.0, pick=crew)]
    for term in model.rows["capacity_limit"].terms:
        if term.variable != "flow" or term.pick is None or term.to is None:
            continue
        row = pd.Index(crew).get_indexer(pd.Index(term.to))
        coef = np.broadcast_to(np.asarray(term.coef, float), (len(term.to), 1))
        terms.append(Term("flow", coef[row >= 0], pick=term.pick[row >= 0], to=row[row >= 0]))
    least = np.full_like(people.regular_limit, -np.inf)
    model.rows["work_limit"] = Rows("crew", least, people.regular_limit, terms, limited)


def hours_of_heads(
    people: People, values: dict[str, Array], regular: Array, overtime: Array
) -> tuple[Array, Array]:
    """Return regular and overtime hours (resources x periods), those of crews as heads are.

    Args:
        values: of the model's variables; where a plan knows no heads, hours stay as they are.
        regular, overtime: hours of all resources (resources x periods).
    """
    if people.crews.empty or "heads" not in values:
        return regular, overtime
    crew, heads = people.crews["resource"].to_numpy(int), values["heads"]
    regular, overtime = regular.copy(), overtime.copy()
    for hours, name, limit in (
        (regular, "hours_per_head", people.regular_limit),
        (overtime, "overtime_per_head", people.overtime_limit),
    ):
        hours[crew] = np.minimum(heads * _column(people, name, heads.shape[1]), limit)
    return regular, overtime


def read_people(
    people: People, values: dict[str, Array], periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the contract `plan_people`; empty where no crew is planned."""
    table = TABLES["plan_people"]
    if people.crews.empty or "heads" not in values:
        return table.empty()
    rows = pd.DataFrame(
        {
            "resource": np.repeat(people.crews["crew"].to_numpy(object), len(periods)),
            "period": np.tile(periods.to_numpy(), len(people.crews)),
            "heads": values["heads"].ravel(),
            "hired_heads": values["hired"].ravel(),
            "laid_off_heads": values["laid_off"].ravel(),
        }
    )
    return fit_columns(rows, table)
