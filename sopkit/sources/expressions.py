"""The arithmetic and the conditions that a mapping may write over source columns.

Only what is listed here runs: arithmetic, comparisons, `and`, `or`, `not`, `in`; conditions may
also ask `.isna()`, `.notna()`, `.isin([...])` and `.str.startswith("x")`. Nothing else can be
called, so a mapping cannot do more than read its own columns. Names with blanks or signs stand in
backticks. `as_of` is the last day known, `cycle` the first planned day, `year_ago` the day
12 months before `as_of`.

A comparison with a number reads numbers, one with a text compares texts, an order (`<`, `>=`) with
a date such as `'2026-10-01'` or `as_of` reads dates. A blank cell is `''` and meets no order.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sopkit.errors import ParameterError
from sopkit.sources.values import clean_text, map_distinct, to_dates, to_numbers

KNOWN_DAYS = ("as_of", "cycle", "year_ago")
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_ORDER: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LOGIC = (ast.BitAnd, ast.BitOr)
_QUESTIONS = ("isna", "isnull", "notna", "notnull", "isin")
_TEXT_QUESTIONS = ("startswith", "endswith", "contains")
_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.Invert,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.In,
    ast.NotIn,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Set,
    *_ARITHMETIC,
    *_ORDER,
    *_LOGIC,
)
_DAY = re.compile(r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?")


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, its tree and the source columns it names."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]
    quoted: dict[str, str]


@dataclass
class Unread:
    """Cells that an expression needed as a number or a date and could not read."""

    found: list[tuple[pd.Index, str, str, pd.Series]] = field(default_factory=list)

    def note(self, column: str, rule: str, cells: pd.Series, bad: pd.Series) -> None:
        """Remember the bad cells of a column, with the rule they break."""
        if bad.any():
            self.found.append((cells.index[bad], column, rule, cells[bad]))


def read_expression(text: str, questions: bool = False) -> Expression:
    """Return a checked expression.

    Args:
        text: such as `OrderQty * UnitPrice * (1 - UnitPriceDiscount)`.
        questions: also allow the questions a condition may ask (`.isna()`, ...).

    Raises:
        ParameterError: it is no expression, or asks for more than is allowed.
    """
    quoted: dict[str, str] = {}

    def hide(found: re.Match[str]) -> str:
        return quoted.setdefault(found[1], f"quoted_{len(quoted)}_name")

    plain = re.sub("`([^`]+)`", hide, text)
    if "@" in plain or "__" in plain:
        raise ParameterError(f"{text!r}: `@` and `__` are not allowed here")
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError) as wrong:
        raise ParameterError(f"{text!r} cannot be read as an expression") from wrong
    names: list[str] = []
    _check_node(tree, text, questions, names)
    shown = {hidden: clean_text(name) for name, hidden in quoted.items()}
    columns = [shown.get(name, name) for name in dict.fromkeys(names) if name not in KNOWN_DAYS]
    return Expression(text=text, tree=tree, columns=tuple(columns), quoted=shown)


def _check_node(node: ast.AST, text: str, questions: bool, names: list[str]) -> None:
    if isinstance(node, ast.Call) and questions and _is_question(node):
        target = node.func.value  # type: ignore[attr-defined]
        inner = target.value if isinstance(target, ast.Attribute) else target
        for child in [inner, *node.args]:
            _check_node(child, text, questions, names)
        return
    if not isinstance(node, _ALLOWED):
        raise ParameterError(
            f"{text!r}: only arithmetic, comparisons, and, or, not, in are allowed here"
        )
    if isinstance(node, ast.Name):
        names.append(node.id)
    for child in ast.iter_child_nodes(node):
        _check_node(child, text, questions, names)


def _is_question(node: ast.Call) -> bool:
    called = node.func
    if not isinstance(called, ast.Attribute) or node.keywords:
        return False
    target = called.value
    if isinstance(target, ast.Attribute):
        texts = all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in node.args)
        is_text = target.attr == "str" and isinstance(target.value, ast.Name)
        return is_text and texts and len(node.args) == 1 and called.attr in _TEXT_QUESTIONS
    return isinstance(target, ast.Name) and called.attr in _QUESTIONS


def evaluate(
    expression: Expression, frame: pd.DataFrame, days: dict[str, pd.Timestamp], unread: Unread
) -> pd.Series:
    """Return the expression's value for every row of text cells: numbers, or True and False.

    Cells that should be numbers or dates and are not are noted in `unread`.

    Example:
        `a * 2` over the texts 1 and 3 gives 2.0 and 6.0; `a > 1` gives False and True.
    """
    result = _Evaluation(frame, expression, days, unread).visit(expression.tree)
    if not isinstance(result, pd.Series):
        result = pd.Series(result, index=frame.index)
    return result


@dataclass(frozen=True)
class _Evaluation:
    frame: pd.DataFrame
    expression: Expression
    days: dict[str, pd.Timestamp]
    unread: Unread

    def visit(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._cells(node.id)
        if isinstance(node, ast.BoolOp):
            parts = node.values  # noqa: PD011
            return self._logic([self._truth(part) for part in parts], node.op)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Compare):
            return self._compare_chain(node)
        if isinstance(node, ast.Call):
            return self._question(node)
        return [self.visit(part) for part in node.elts]  # type: ignore[attr-defined]

    def _cells(self, name: str) -> Any:
        if name in self.days:
            return self.days[name]
        column = self.expression.quoted.get(name, name)
        return map_distinct(self.frame[column], clean_text).rename(column)

    def _truth(self, node: ast.expr) -> Any:
        value = self.visit(node)
        if isinstance(value, pd.Series) and value.dtype != bool:
            return self._number(value) == 1
        return value

    def _logic(self, parts: list[Any], word: ast.AST) -> Any:
        result = parts[0]
        for part in parts[1:]:
            both = isinstance(word, (ast.And, ast.BitAnd))
            result = result & part if both else result | part
        return result

    def _unary(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, (ast.Not, ast.Invert)):
            truth = self._truth(node.operand)
            return ~truth if isinstance(truth, pd.Series) else not truth
        number = self._number(self.visit(node.operand))
        return -number if isinstance(node.op, ast.USub) else number

    def _binary(self, node: ast.BinOp) -> Any:
        if isinstance(node.op, _LOGIC):
            return self._logic([self._truth(node.left), self._truth(node.right)], node.op)
        left, right = self._number(self.visit(node.left)), self._number(self.visit(node.right))
        return _ARITHMETIC[type(node.op)](left, right)

    def _number(self, value: Any, note: bool = True) -> Any:
        if not isinstance(value, pd.Series) or pd.api.types.is_numeric_dtype(value):
            return value
        numbers, bad = to_numbers(value)
        if note:
            self.unread.note(str(value.name), "number", value, bad)
        return numbers

    def _date(self, value: Any) -> Any:
        if isinstance(value, pd.Series):
            dates, bad = to_dates(value)
            self.unread.note(str(value.name), "date", value, bad)
            return dates
        return pd.Timestamp(value)

    def _compare_chain(self, node: ast.Compare) -> Any:
        values = [self.visit(part) for part in [node.left, *node.comparators]]
        pairs = zip(node.ops, values[:-1], values[1:], strict=True)
        return self._logic([self._compare(op, a, b) for op, a, b in pairs], ast.And())

    def _compare(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        if isinstance(op, (ast.In, ast.NotIn)):
            inside = self._is_in(left, right)
            return ~inside if isinstance(op, ast.NotIn) else inside
        if isinstance(op, (ast.Eq, ast.NotEq)):
            left, right = self._alike(left, right)
            return left == right if isinstance(op, ast.Eq) else left != right
        if _is_day(left) or _is_day(right):
            return _ORDER[type(op)](self._date(left), self._date(right))
        if isinstance(left, str) or isinstance(right, str):
            return _ORDER[type(op)](left, right)
        return _ORDER[type(op)](self._number(left), self._number(right))

    def _alike(self, left: Any, right: Any) -> tuple[Any, Any]:
        if isinstance(left, pd.Timestamp) or isinstance(right, pd.Timestamp):
            return self._date(left), self._date(right)
        for one, other in ((left, right), (right, left)):
            if _is_number(one) and not isinstance(other, str):
                return self._number(left, note=False), self._number(right, note=False)
        return left, right

    def _is_in(self, cells: Any, choices: Any) -> Any:
        texts = {clean_text(str(choice)) for choice in choices}
        numbers = {float(choice) for choice in choices if _is_number(choice)}
        inside = cells.isin(texts)
        return inside | self._number(cells, note=False).isin(numbers) if numbers else inside

    def _question(self, node: ast.Call) -> Any:
        called: ast.Attribute = node.func  # type: ignore[assignment]
        target = called.value
        if isinstance(target, ast.Attribute):
            cells = self.visit(target.value)
            asked: str = node.args[0].value  # type: ignore[attr-defined]
            tests = {
                "startswith": lambda text: text.startswith(asked),
                "endswith": lambda text: text.endswith(asked),
                "contains": lambda text: asked in text,
            }
            return map_distinct(cells, tests[called.attr]).astype(bool)
        cells = self.visit(target)
        if called.attr == "isin":
            return self._is_in(cells, self.visit(node.args[0]))
        return cells == "" if called.attr in ("isna", "isnull") else cells != ""


def _is_number(value: Any) -> bool:
    if isinstance(value, pd.Series):
        return bool(pd.api.types.is_numeric_dtype(value))
    return isinstance(value, (int, float))


def _is_day(value: Any) -> bool:
    is_text_day = isinstance(value, str) and _DAY.fullmatch(value) is not None
    return isinstance(value, pd.Timestamp) or is_text_day
