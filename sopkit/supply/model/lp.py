"""A linear model as named blocks of variables and named rows of terms, and its arrays.

Variables and rows stand in blocks over (row, month): `flow` over ways, `stock_balance` over places.
A rule of the plan adds a block, rows, or terms to rows that are there; nothing is looped over. The
arrays are a few array operations away, so a changed company becomes changed arrays at once: what a
what-if hands to a living solver is the difference of two of them.

Bottle caps come in hundreds of millions and pallets in dozens; in one model the solver's tolerance
on the caps would be whole pallets. Each block is therefore counted in a unit of its own dimension
(a power of two of base units), and money in one unit for all; powers of two lose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray


@dataclass(frozen=True)
class Dim:
    """What the rows of a block stand for.

    Args:
        keys: a label for each row, the same from month to month (to carry a basis over).
        unit: base units in one unit of the model, by row; powers of two.
    """

    keys: pd.Index
    unit: Array


@dataclass(frozen=True)
class Block:
    """Variables over (row of `dim`, month), at least `lower` and at most `upper`.

    Args:
        dim: name of the dimension.
        upper: most, in base units (rows x months).
        prices: money a unit by term of the plan's cost (each rows x months); their sum is the
            objective.
        lower: least; 0 where not given.
        keep: cells that exist; all where not given.
        whole: only whole model units.
    """

    dim: str
    upper: Array
    prices: dict[str, Array]
    lower: Array | None = None
    keep: Array | None = None
    whole: bool = False


@dataclass(frozen=True)
class Term:
    """`coef` x a variable, as one part of rows.

    Args:
        variable: name of its block.
        coef: a number, or an array that broadcasts to (n x months of the variable).
        pick: row of the block for each of n; all rows where not given.
        to: row of the constraint for each of n; the same rows where not given.
        delay: months from the variable to the constraint it counts in.
    """

    variable: str
    coef: Array | float = 1.0
    pick: Array | None = None
    to: Array | None = None
    delay: int = 0


@dataclass
class Rows:
    """Constraints over (row of `dim`, month): lower <= sum of terms <= upper.

    Lazy rows seldom bind: a plan is first sought without them, and those it breaks are added.
    """

    dim: str
    lower: Array
    upper: Array
    terms: list[Term]
    keep: Array | None = None
    lazy: bool = False


@dataclass
class Model:
    """A linear model, minimised.

    Args:
        periods: its months.
        dims: by name.
        blocks, rows: by name, in the order in which rules added them.
        constants: money by cost term and month that no variable changes.
    """

    periods: pd.DatetimeIndex
    dims: dict[str, Dim]
    blocks: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)

    def shape(self, dim: str) -> tuple[int, int]:
        """Return the shape of a block over a dimension."""
        return len(self.dims[dim].keys), len(self.periods)

    def add_dim(self, name: str, keys: pd.Index, unit: Array | None = None) -> None:
        """Add a dimension; its unit is 1 where none is given."""
        self.dims[name] = Dim(keys, np.ones(len(keys)) if unit is None else unit)

    def add_constant(self, term: str, money: Array) -> None:
        """Add money by month to a cost term."""
        self.constants[term] = self.constants.get(term, np.zeros(len(self.periods))) + money

    def cost_of(self, values: dict[str, Array]) -> pd.DataFrame:
        """Return what values of the variables cost: a row per month, a column per cost term.

        The terms sum to the objective, whoever found the values.
        """
        months = pd.DataFrame(index=self.periods)
        for term, money in self.constants.items():
            months[term] = money
        for name, block in self.blocks.items():
            for term, price in block.prices.items():
                money = (values[name] * price).sum(axis=0)
                months[term] = money + months.get(term, 0.0)
        return months


@dataclass(frozen=True)
class Lp:
    """A model's arrays in model units, ready for a solver.

    Args:
        cost, lower, upper: of the columns; whole: which are whole numbers.
        row_lower, row_upper: of the rows; lazy: which are asked for only once broken.
        matrix: rows x columns (scipy CSR).
        columns, rows: numbers of a block's cells, -1 where there is none.
        column_unit, row_unit: base units in a model unit; money: of the objective.
    """

    cost: Array
    lower: Array
    upper: Array
    whole: Array
    row_lower: Array
    row_upper: Array
    lazy: Array
    matrix: Any
    columns: dict[str, Array]
    rows: dict[str, Array]
    column_unit: Array
    row_unit: Array
    money: float

    def values(self, x: Array) -> dict[str, Array]:
        """Return a solution in base units, by block; 0 where a cell does not exist."""
        found = np.append(x * self.column_unit, 0.0)
        return {name: found[cells] for name, cells in self.columns.items()}

    def duals(self, row_dual: Array) -> dict[str, Array]:
        """Return money a base unit of each row's limit, by rows."""
        found = np.append(row_dual * self.money / self.row_unit, 0.0)
        return {name: found[cells] for name, cells in self.rows.items()}


def to_lp(model: Model, money: float) -> Lp:
    """Return the arrays of a model.

    Args:
        money: what one unit of the objective stands for.
    """
    from scipy.sparse import coo_array

    columns = _number_cells({n: (b.upper.shape, b.keep) for n, b in model.blocks.items()})
    rows = _number_cells({n: (r.lower.shape, r.keep) for n, r in model.rows.items()})
    column_unit = _spread_units(model, {n: b.dim for n, b in model.blocks.items()}, columns)
    row_unit = _spread_units(model, {n: r.dim for n, r in model.rows.items()}, rows)
    parts = [
        _place_term(term, columns[term.variable], rows[name])
        for name, one in model.rows.items()
        for term in one.terms
    ]
    at_row, at_column, coef = (np.concatenate(p) for p in zip(*parts, strict=True))
    coef = coef * column_unit[at_column] / row_unit[at_row]
    shape = (len(row_unit), len(column_unit))
    blocks, limits = model.blocks, model.rows
    lower = {n: np.zeros(b.upper.shape) if b.lower is None else b.lower for n, b in blocks.items()}
    cost = {n: _sum_prices(b) for n, b in blocks.items()}
    return Lp(
        cost=_gather(cost, columns) * column_unit / money,
        lower=_gather(lower, columns) / column_unit,
        upper=_gather({n: b.upper for n, b in blocks.items()}, columns) / column_unit,
        whole=_gather({n: np.full(b.upper.shape, b.whole) for n, b in blocks.items()}, columns),
        row_lower=_gather({n: r.lower for n, r in limits.items()}, rows) / row_unit,
        row_upper=_gather({n: r.upper for n, r in limits.items()}, rows) / row_unit,
        lazy=_gather({n: np.full(r.lower.shape, r.lazy) for n, r in limits.items()}, rows) > 0,
        matrix=coo_array((coef, (at_row, at_column)), shape=shape).tocsr(),
        columns=columns,
        rows=rows,
        column_unit=column_unit,
        row_unit=row_unit,
        money=money,
    )


def _number_cells(shapes: dict[str, tuple[Any, Array | None]]) -> dict[str, Array]:
    """Return a running number for each cell that exists, -1 for the others."""
    numbered, count = {}, 0
    for name, (shape, keep) in shapes.items():
        kept = np.ones(shape, dtype=bool) if keep is None else keep
        cells = np.full(shape, -1, dtype=np.int64)
        cells[kept] = np.arange(count, count + int(kept.sum()))
        count += int(kept.sum())
        numbered[name] = cells
    return numbered


def _gather(values: dict[str, Array], cells: dict[str, Array]) -> Array:
    parts = [values[name][numbers >= 0] for name, numbers in cells.items()]
    return np.concatenate(parts) if parts else np.zeros(0)


def _spread_units(model: Model, dims: dict[str, str], cells: dict[str, Array]) -> Array:
    units = {
        name: np.broadcast_to(model.dims[dims[name]].unit[:, None], numbers.shape)
        for name, numbers in cells.items()
    }
    return _gather(units, cells)


def _sum_prices(block: Block) -> Array:
    total = np.zeros(block.upper.shape)
    for price in block.prices.values():
        total += price
    return total


def _place_term(term: Term, columns: Array, rows: Array) -> tuple[Array, Array, Array]:
    """Return row, column and coefficient of each entry of a term."""
    of = columns if term.pick is None else columns[term.pick]
    to = rows if term.to is None else rows[term.to]
    months = of.shape[1]
    coef = np.broadcast_to(np.asarray(term.coef, dtype=float), of.shape)
    until = max(months - term.delay, 0)
    of, coef, to = of[:, :until], coef[:, :until], to[:, months - until :]
    used = (of >= 0) & (to >= 0) & (coef != 0)
    return to[used], of[used], coef[used]


def split_lp(lp: Lp, *, least: int = 2000) -> list[tuple[Array, Array]]:
    """Return the parts of a model that share nothing: the columns and rows of each.

    Each part's optimum is a part of the whole's. Parts below `least` columns are put together, as
    handing one over costs more than solving it.

    Example:
        Two items, each with its own line: two parts (one, where both are small).
    """
    from scipy.sparse import bmat
    from scipy.sparse.csgraph import connected_components

    row_count, column_count = lp.matrix.shape
    links = bmat([[None, lp.matrix], [lp.matrix.T, None]], format="csr") if row_count else None
    labels = (
        np.zeros(column_count, dtype=int)
        if links is None
        else connected_components(links, directed=False)[1]
    )
    of_row, of_column = labels[:row_count], labels[row_count:] if row_count else labels
    sizes = np.bincount(of_column, minlength=int(labels.max(initial=0)) + 1)
    part = np.where(sizes >= least, np.arange(len(sizes)), -1)
    names = [int(p) for p in np.flatnonzero(part >= 0)]
    names += [-1] if (part[of_column] < 0).any() or (part[of_row] < 0).any() else []
    return [
        (np.flatnonzero(part[of_column] == p), np.flatnonzero(part[of_row] == p)) for p in names
    ]


def power_of_two(value: float) -> float:
    """Return the power of two nearest to a positive value; 1 for anything else."""
    return float(2.0 ** np.round(np.log2(value))) if value > 0 else 1.0
