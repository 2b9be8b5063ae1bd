"""Run parameters: the declaration of every name a notebook may be given, and the file that sets it.

A file `params/runs/<company>.yaml` has a section `common`, and one for each notebook. The models
below are the declaration: the names of a notebook's model are the names of its `parameters` cell,
except `cycle`, `lang` and `interactive`, which the runner itself gives. To add a parameter, add a
field to the notebook's model, the name to its parameters cell and to every file in `params/runs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from sopkit.errors import ParameterError, list_problems
from sopkit.params.loader import Declared, read_yaml, suggest

GIVEN_BY_RUNNER = ("cycle", "lang", "interactive")

_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_DAY_OR_NOTHING = r"^(\d{4}-(0[1-9]|1[0-2])-\d{2})?$"

Company = Annotated[str, Field(description="whose month it is; a file name", pattern=r"^[\w-]+$")]
Mapping = Annotated[
    str, Field(description="file in params/mapping, without .yaml", pattern=r"^[\w-]+$")
]
Currency = Annotated[str, Field(description="currency of the pages", pattern=r"^[A-Z]{3}$")]
VolumeUnit = Annotated[str, Field(description="unit in which volumes are shown", min_length=1)]
Country = Annotated[str, Field(description="country of the public holidays", pattern=r"^[A-Z]{2}$")]
FirstHistory = Annotated[
    str, Field(description="first month of history used, in quotes", pattern=_MONTH)
]
HorizonMonths = Annotated[
    int, Field(description="months planned, the cycle's month first", ge=1, le=36)
]
AsOf = Annotated[
    str,
    Field(
        description="last day known, in quotes; empty: the day before the cycle's month",
        pattern=_DAY_OR_NOTHING,
    ),
]
FiscalYearStart = Annotated[
    int, Field(description="month in which the fiscal year begins", ge=1, le=12)
]


class Common(Declared):
    """Names that several notebooks use; each is passed to the notebooks that declare it."""

    company: Company
    mapping: Mapping
    currency: Currency
    volume_unit: VolumeUnit
    country: Country
    first_history: FirstHistory
    horizon_months: HorizonMonths
    as_of: AsOf = ""
    fiscal_year_start: FiscalYearStart = 1


class DataReview(Declared):
    """Parameters of 01_data_review."""

    company: Company
    mapping: Mapping
    currency: Currency
    volume_unit: VolumeUnit
    first_history: FirstHistory
    as_of: AsOf


class DemandReview(Declared):
    """Parameters of 02_demand_review."""

    mapping: Mapping
    currency: Currency
    volume_unit: VolumeUnit
    country: Country
    horizon_months: HorizonMonths
    as_of: AsOf
    min_history_months: int = Field(
        default=24, description="months of sales from which an item is forecast alone", ge=3, le=60
    )
    family_weight: float = Field(
        default=0.3,
        description="0: items as forecast alone; 1: scaled to their family's forecast",
        ge=0,
        le=1,
    )
    stream_weight: float = Field(
        default=1.0,
        description="most that one people's forecast may draw the baseline; 0 ignores all",
        ge=0,
        le=1,
    )
    cutoffs: int = Field(
        default=3, description="earlier months from which the baseline is tested", ge=1, le=24
    )
    cutoff_step_months: int = Field(
        default=4, description="months between these earlier months", ge=1, le=12
    )
    backtest_horizon: int = Field(
        default=6, description="months ahead that are tested", ge=1, le=12
    )
    accuracy_target: float = Field(
        default=0.9,
        description="wanted accuracy (1 - WAPE) one month ahead at item-location",
        gt=0,
        lt=1,
    )


class SupplyReview(Declared):
    """Parameters of 03_supply_review."""

    currency: Currency
    volume_unit: VolumeUnit
    country: Country
    horizon_months: HorizonMonths
    solve_months: int = Field(
        default=20, description="months solved, at least those of the horizon", ge=1, le=48
    )
    service_level: float = Field(
        default=0.95,
        description="chance of no stock-out in a replenishment where no policy says",
        gt=0,
        lt=1,
    )
    review_days: float = Field(
        default=7.0, description="days between replenishments where no policy says", gt=0, le=365
    )
    cover_months: float = Field(
        default=3.0, description="months of use above targets from which stock is too much", ge=0
    )
    objective: str = Field(
        default="cost",
        description="cost: least cost at target service; margin: most margin",
        pattern=r"^(cost|margin)$",
    )
    holding_rate: float = Field(
        default=0.20, description="cost of holding stock, share of unit cost a year", ge=0, le=2
    )
    below_target_rate: float = Field(
        default=0.05,
        description="price of a unit below its stock target, share of unit cost a month",
        ge=0,
        le=1,
    )
    deep_target_rate: float = Field(
        default=0.08, description="the same for the lower half of the target", ge=0, le=1
    )
    fair_share_rate: float = Field(
        default=0.01,
        description="how much dearer a lost unit gets with each third lost; 0: no fair share",
        ge=0,
        le=1,
    )
    change_rate: float = Field(
        default=0.02,
        description="price of a change against last month's plan at the fence, share of unit cost",
        ge=0,
        le=1,
    )
    swing_rate: float = Field(
        default=0.0,
        description="price of an hour more or less than the month before, share of its cost",
        ge=0,
        le=1,
    )
    lot_months: int = Field(
        default=0, description="months in which lots are whole; 0: rounded afterwards", ge=0, le=12
    )
    whole_people: bool = Field(
        default=False, description="whether only whole people are hired and laid off"
    )


class ConsensusReview(Declared):
    """Parameters of 04_consensus_review."""

    currency: Currency
    volume_unit: VolumeUnit
    country: Country
    horizon_months: HorizonMonths
    fiscal_year_start: FiscalYearStart
    most_wins: int = Field(
        default=4, description="most scenarios asked at both ends of the demand range", ge=0, le=40
    )


class ExecutiveReview(Declared):
    """Parameters of 05_executive_review."""

    currency: Currency
    volume_unit: VolumeUnit
    country: Country
    horizon_months: HorizonMonths
    fiscal_year_start: FiscalYearStart
    accuracy_lag: int = Field(
        default=1,
        description="lag of forecast accuracy and bias; 1 is the month after the cycle's month",
        ge=0,
        le=11,
    )
    otif_tolerance_days: int = Field(
        default=0, description="days a line may be late and still count as on time", ge=0, le=60
    )


class Running(Declared):
    """How the runner runs; the section `run` may be left out."""

    cell_timeout_seconds: int = Field(
        default=1800, description="longest time one cell may take", ge=1, le=86_400
    )


Model = TypeVar("Model", bound=Declared)

REVIEWS: dict[str, type[Declared]] = {
    "data": DataReview,
    "demand": DemandReview,
    "supply": SupplyReview,
    "consensus": ConsensusReview,
    "executive": ExecutiveReview,
}


@dataclass(frozen=True)
class RunParameters:
    """A parameter file as read and checked.

    Args:
        path: the file.
        common: the names several notebooks share.
        reviews: for each stage, what its notebook is given (text, numbers, flags).
        running: how the runner runs.
    """

    path: Path
    common: Common
    reviews: dict[str, dict[str, Any]]
    running: Running

    def for_step(self, step: str) -> dict[str, Any]:
        """Return what a notebook is given, by its name: `02_demand_review` has section demand."""
        return dict(self.reviews.get(step.split("_")[1], {}))


def list_params(folder: Path) -> list[Path]:
    """Return the parameter files of a planning folder."""
    return sorted((folder / "params" / "runs").glob("*.yaml"))


def find_params(folder: Path, given: str | Path | None = None) -> Path:
    """Return the parameter file: the one given, else the only one, else demo.yaml.

    A file given is looked for from the current folder, then from the planning folder.

    Raises:
        ParameterError: the file is not there, or there are several to choose from.
    """
    if given:
        for path in (Path(given), folder / given):
            if path.is_file():
                return path.resolve()
        raise ParameterError(f"The parameter file {given} is not there{_name_files(folder)}")
    files = list_params(folder)
    demo = [path for path in files if path.stem == "demo"]
    if len(files) == 1 or demo:
        return (files if len(files) == 1 else demo)[0]
    if not files:
        raise ParameterError(f"{folder / 'params' / 'runs'} holds no parameter file.")
    raise ParameterError(f"Say whose month it is{_name_files(folder)}")


def read_params(path: Path, models: dict[str, type[Declared]] | None = None) -> RunParameters:
    """Read a parameter file and check every name and kind in it.

    Args:
        path: the YAML file.
        models: declaration of each section beside `common` and `run`; default the five reviews.

    Raises:
        ParameterError: all problems at once: names unknown, missing, or of the wrong kind.
    """
    reviews = REVIEWS if models is None else models
    sections, problems = _read_sections(path, [*reviews, "common", "run"])
    common = _check("common", Common, sections["common"], problems)
    running = _check("run", Running, sections["run"], problems)
    given_to_all = common.model_dump() if common else sections["common"]
    checked = {}
    for name, model in reviews.items():
        shared = {k: v for k, v in given_to_all.items() if k in model.model_fields}
        own = dict(sections[name])
        for twice in sorted(own.keys() & Common.model_fields.keys()):
            problems.append(f"{name}.{twice} belongs in section common")
            del own[twice]
        checked[name] = _check(name, model, {**shared, **own}, problems, Common.model_fields)
    if problems or common is None or running is None:
        raise ParameterError(
            list_problems(f"{path} is not fit to run with", problems, "Correct it, then run again.")
        )
    given = {name: found.model_dump(mode="json") for name, found in checked.items() if found}
    return RunParameters(path, common, given, running)


def _name_files(folder: Path) -> str:
    files = [path.relative_to(folder).as_posix() for path in list_params(folder)]
    return f": --params {' or --params '.join(files)}" if files else "."


def _read_sections(path: Path, names: list[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    stored = read_yaml(path)
    if not isinstance(stored, dict):
        raise ParameterError(f"{path} has no sections; it needs {', '.join(names)}.")
    problems = [
        f"section {name} is not known{suggest(str(name), names)}"
        for name in stored
        if name not in names
    ]
    sections = {name: stored.get(name) or {} for name in names}
    for name, section in sections.items():
        if not isinstance(section, dict):
            problems.append(f"section {name} holds no names with values")
            sections[name] = {}
    return sections, problems


def _check(
    section: str,
    model: type[Model],
    values: dict[str, Any],
    problems: list[str],
    told: Any = (),
) -> Model | None:
    """Return the checked section, or note its problems; those of names in `told` are known."""
    try:
        return model(**values)
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else section
            if name not in told:
                problems.append(f"{section}.{name} {_say(problem, name, model)}")
        return None


def _say(problem: Any, name: str, model: type[Declared]) -> str:
    if problem["type"] == "missing":
        return f"is missing ({model.model_fields[name].description})"
    if problem["type"] == "extra_forbidden":
        return f"is not known{suggest(name, list(model.model_fields))}"
    about = model.model_fields[name].description
    rule = str(problem["msg"]).removeprefix("Input ").removeprefix("String ")
    return f"= {problem['input']!r}: {rule} ({about})"
