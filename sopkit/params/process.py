"""The process of the month: `params/process.yaml`, read into `Process`.

Every value has a default, so that a planning folder without the file, or with a part of it, works;
a folder without the file asks for no approvals. To add a value, add a field with its meaning here
and a line to `params/process.yaml`.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from sopkit.errors import ParameterError, list_problems
from sopkit.params.loader import Declared, read_yaml, suggest

STEPS = ("data", "demand", "supply", "consensus", "executive")

Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
WorkingDay = Annotated[int, Field(ge=1, le=23)]
Rate = Annotated[float, Field(ge=0, le=1)]


class Calendar(Declared):
    """Working days of the cycle's month in which last month's books are closed."""

    close_first: WorkingDay = Field(default=1, description="first working day of the close")
    close_last: WorkingDay = Field(
        default=3, description="last one; what is posted later is restated data"
    )


class Step(Declared):
    """Who does a step, and by when.

    Args:
        responsible: role that does it.
        accountable: the one role that signs it.
        consulted: roles asked before.
        informed: roles told after.
        due: working day of the cycle's month by which it is signed.
    """

    responsible: Role = Field(description="role that does it")
    accountable: Role = Field(description="the one role that signs it")
    consulted: list[Role] = Field(default=[], description="roles asked before")
    informed: list[Role] = Field(default=[], description="roles told after")
    due: WorkingDay = Field(description="working day by which it is signed")


def _step(responsible: str, accountable: str, due: int, consulted: str, informed: str) -> Step:
    return Step(
        responsible=responsible,
        accountable=accountable,
        consulted=consulted.split(),
        informed=informed.split(),
        due=due,
    )


class Steps(Declared):
    """The five steps; pre-meeting is `consensus`, the executives' meeting `executive`."""

    data: Step = Field(
        default=_step("data_owner", "sop_lead", 4, "finance", "demand_planner supply_planner"),
        description="01: is the data fit to plan on?",
    )
    demand: Step = Field(
        default=_step("demand_planner", "sales_owner", 7, "finance", "supply_planner"),
        description="02: what would customers take?",
    )
    supply: Step = Field(
        default=_step(
            "supply_planner", "production", 11, "logistics", "demand_planner sales_owner"
        ),
        description="03: what can we make, buy and move?",
    )
    consensus: Step = Field(
        default=_step("sop_lead", "sop_lead", 14, "sales_owner production finance", "logistics"),
        description="04, the pre-meeting: which plan do we propose?",
    )
    executive: Step = Field(
        default=_step("sop_lead", "general_manager", 16, "sales_owner production finance", ""),
        description="05, the executives' meeting: what must be decided?",
    )


class Gates(Declared):
    """What holds a step open until it may be signed."""

    refused_rate: Rate = Field(
        default=0.02, description="data: largest share of a file's rows that may be refused"
    )
    error_findings: int = Field(default=0, description="data: most findings of grade error", ge=0)
    touched_overrides: Literal["warn", "hold"] = Field(
        default="warn", description="demand: changes of people that clash warn, or hold the gate"
    )
    check_difference: float = Field(
        default=0.01, description="supply: largest broken limit the checker may find, units", ge=0
    )


class Conflicts(Declared):
    """Which differences of two numbers are settled by people, by whom, and by when."""

    threshold_rate: Rate = Field(
        default=0.005, description="smallest gap to settle, share of the plan's revenue"
    )
    days: int = Field(
        default=5, description="working days from opening to the deadline", ge=1, le=60
    )
    escalate_to: Role = Field(
        default="general_manager", description="role that decides after the deadline"
    )
    task_force: dict[str, list[Role]] = Field(
        default={
            "sales_supply": ["sales_owner", "demand_planner", "supply_planner"],
            "sales_finance": ["sales_owner", "demand_planner", "finance"],
            "target_plan": ["sales_owner", "supply_planner", "production"],
        },
        description="members by kind of conflict",
    )

    def list_members(self, kind: str) -> list[str]:
        """Return the roles that settle a kind of conflict; of a kind not named, who escalates."""
        return list(self.task_force.get(kind, [self.escalate_to]))


class Targets(Declared):
    """Defaults of a target's band, its triggers and its two chances."""

    low_rate: Rate = Field(default=0.95, description="low end where none is given, share of base")
    high_rate: float = Field(
        default=1.05, description="high end where none is given, share of base", ge=1, le=10
    )
    below_months: int = Field(
        default=2, description="months in a row below the low end that fire", ge=1, le=12
    )
    above_months: int = Field(
        default=2, description="months in a row above the high end that fire", ge=1, le=12
    )
    told: list[Role] = Field(
        default=["sales_owner", "production"], description="roles told when a trigger fires"
    )
    sales: Role = Field(default="sales_owner", description="owner on the sales side by default")
    operations: Role = Field(default="production", description="owner on the operations side")
    serve_rate: Rate = Field(default=0.95, description="share of a target that counts as served")
    draws: int = Field(default=120, description="draws behind a chance", ge=10, le=10_000)


class Allocation(Declared):
    """How a short quantity is split among customers."""

    rule: Literal["proportional", "priority", "history"] = Field(
        default="proportional",
        description="proportional to demand; by customer's priority; by last year's sales",
    )
    floor_rate: Rate = Field(
        default=0.5, description="history: share of demand that everybody gets first"
    )


class Refresh(Declared):
    """What a weekly look between cycles calls out."""

    below_rate: Rate = Field(
        default=0.10, description="orders of the month so far below agreed demand fire, share of it"
    )
    above_rate: Rate = Field(
        default=0.10, description="orders of the month so far above agreed demand fire, share of it"
    )
    risk_days: int = Field(
        default=14, description="orders due within so many days are looked at", ge=1, le=120
    )
    task_days: int = Field(default=3, description="working days to answer a task", ge=1, le=60)
    told: Role = Field(default="supply_planner", description="role told where no other is named")


class Process(Declared):
    """The process as read: calendar, steps and roles, people, gates and thresholds.

    Args:
        approvals: whether each step must be signed before the month can be published.
        users: user name -> roles; declared, not authenticated.
    """

    approvals: bool = Field(
        default=False, description="whether publishing needs every step's approval"
    )
    calendar: Calendar = Field(default=Calendar(), description="the close")
    steps: Steps = Field(default=Steps(), description="who does what by when")
    users: dict[str, list[Role]] = Field(default={}, description="roles of each user name")
    gates: Gates = Field(default=Gates(), description="what holds a step open")
    conflicts: Conflicts = Field(default=Conflicts(), description="differences to settle")
    targets: Targets = Field(default=Targets(), description="bands, triggers, chances")
    allocation: Allocation = Field(default=Allocation(), description="quotas of short supply")
    refresh: Refresh = Field(default=Refresh(), description="weekly feedback")

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        problems = [*_find_order_problems(self), *_find_user_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def to_step(self, name: str) -> Step:
        """Return who does a step: `demand`, by the name of its section."""
        found: Step = getattr(self.steps, name)
        return found

    def list_roles(self) -> list[str]:
        """Return every role that holds a step or that a user holds, sorted."""
        named = [r for name in STEPS for r in _roles_of(self.to_step(name))]
        held = [role for roles in self.users.values() for role in roles]
        return sorted({*named, *held, self.conflicts.escalate_to})


def _roles_of(step: Step) -> list[str]:
    return [step.responsible, step.accountable, *step.consulted, *step.informed]


def _find_order_problems(process: Process) -> list[str]:
    days = [("calendar.close_last", process.calendar.close_last)]
    days += [(f"steps.{name}.due", process.to_step(name).due) for name in STEPS]
    found = [
        f"{name} = {day} comes before {before} = {earlier}"
        for (before, earlier), (name, day) in pairwise(days)
        if day < earlier
    ]
    if process.calendar.close_last < process.calendar.close_first:
        found.append("calendar.close_last comes before calendar.close_first")
    return found


def _find_user_problems(process: Process) -> list[str]:
    if not process.approvals:
        return []
    held = {role for roles in process.users.values() for role in roles}
    return [
        f"steps.{name}.accountable = {role}: no user holds it, so nobody could sign"
        for name in STEPS
        for role in [process.to_step(name).accountable]
        if role not in held
    ]


def read_process(folder: Path) -> Process:
    """Return the process of a planning folder, `params/process.yaml`; the defaults without it.

    Raises:
        ParameterError: all problems at once: names unknown, values of the wrong kind, steps out of
            order, an accountable role that nobody holds.
    """
    path = folder / "params" / "process.yaml"
    if not path.is_file():
        return Process()
    stored = read_yaml(path)
    if stored is not None and not isinstance(stored, dict):
        raise ParameterError(f"{path} has no sections; it needs {', '.join(Process.model_fields)}.")
    try:
        return Process(**_fill_steps(stored or {}))
    except ValidationError as error:
        problems = [line for problem in error.errors() for line in _say(problem)]
    raise ParameterError(
        list_problems(f"{path} is not fit to run with", problems, "Correct it, then go on.")
    )


def _fill_steps(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the sections with each step's missing values as by default."""
    steps = stored.get("steps")
    if not isinstance(steps, dict):
        return stored
    defaults = Steps().model_dump()
    filled = {
        name: {**defaults.get(name, {}), **step} if isinstance(step, dict) else step
        for name, step in steps.items()
    }
    return {**stored, "steps": filled}


def _say(problem: Any) -> list[str]:
    """Return the lines of one problem: where, what, what it means."""
    path = [str(part) for part in problem["loc"]]
    if not path:
        return str(problem["msg"]).removeprefix("Value error, ").split("; ")
    name, model, about = ".".join(path), _model_at(path[:-1]), ""
    if problem["type"] == "extra_forbidden":
        known = list(model.model_fields) if model else []
        return [f"{name} is not known{suggest(path[-1], known)}"]
    if model and path[-1] in model.model_fields:
        about = f" ({model.model_fields[path[-1]].description})"
    if problem["type"] == "missing":
        return [f"{name} is missing{about}"]
    rule = str(problem["msg"]).removeprefix("Input ").removeprefix("String ")
    return [f"{name} = {problem['input']!r}: {rule}{about}"]


def _model_at(path: list[str]) -> type[BaseModel] | None:
    """Return the model that declares the names at a place of the file."""
    model: type[BaseModel] = Process
    for part in path:
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type):
            return None
        if not issubclass(field.annotation, BaseModel):
            return None
        model = field.annotation
    return model
