"""The error tree: every failure that sopkit foresees is one of these.

::

    SopkitError            exit 1   something sopkit foresees went wrong
    |-- InputError         exit 1   company data is not fit to plan on
    |-- ParameterError     exit 2   a parameter, command word or mapping is wrong
    |-- PlanError          exit 3   the solver failed, or hard data contradict each other
    |-- StepError          exit 4   a notebook failed, timed out or lost its kernel
    `-- CycleError         exit 5   the cycle is locked, published, or not there

Exit 130 is Ctrl-C. The message is for a planner: which file, which rule, how many rows, which
first, and what to do. All problems of a step are gathered and raised once.
"""

from __future__ import annotations

from collections.abc import Iterable


class SopkitError(Exception):
    """Something sopkit foresees went wrong; the message says what to do."""

    exit_code = 1


class InputError(SopkitError):
    """Company data is not fit to plan on."""


class ParameterError(SopkitError):
    """A parameter, a command's word or a mapping is wrong."""

    exit_code = 2


class PlanError(SopkitError):
    """The solver failed, or hard data contradict each other."""

    exit_code = 3


class StepError(SopkitError):
    """A notebook failed, ran out of time or lost its kernel."""

    exit_code = 4


class CycleError(SopkitError):
    """The cycle is locked by another run, published, or does not exist."""

    exit_code = 5


def list_problems(headline: str, problems: Iterable[str], advice: str = "") -> str:
    """Return one message: a headline, a line per problem, and what to do.

    Example:
        >>> print(list_problems("plan.csv is not fit to plan on", ["3 rows doubled"], "Mend it."))
        plan.csv is not fit to plan on
          * 3 rows doubled
        Mend it.
    """
    lines = [headline, *(f"  * {problem}" for problem in problems)]
    return "\n".join([*lines, advice] if advice else lines)
