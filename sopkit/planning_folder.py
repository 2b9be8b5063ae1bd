"""A new planning folder: notebooks, parameters with comments, mapping and Excel templates.

The templates are the project's own notebooks, KPI bands, process and scenarios: in a checkout they
stand beside the package, in an installed package under `sopkit/templates/`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import sopkit
from sopkit.errors import ParameterError
from sopkit.params import REVIEWS, Common, Declared, Running

_EXAMPLES: dict[str, Any] = {
    "currency": "CNY",
    "volume_unit": "case",
    "country": "CN",
    "first_history": "2023-01",
    "horizon_months": 18,
}
_IGNORED = "/data/cycles/\n/reports/\n.ipynb_checkpoints/\n"


def find_templates() -> Path:
    """Return the folder that holds `notebooks/` and `params/` to copy from.

    Raises:
        ParameterError: the installation carries none.
    """
    package = Path(sopkit.__file__).parent
    for folder in (package / "templates", package.parent):
        if any((folder / "notebooks").glob("0*.ipynb")):
            return folder
    raise ParameterError(f"The installation in {package} carries no notebooks: install it anew.")


def make_folder(folder: Path, company: str = "company") -> Path:
    """Make a planning folder, whole or not at all, and return it.

    Args:
        folder: a folder that is not there yet, or is empty.
        company: short name; names the parameter file and the mapping.

    Raises:
        ParameterError: the folder holds something, or the name cannot be a file name.
    """
    target = folder.expanduser().resolve()
    if not re.fullmatch(r"[\w-]+", company):
        raise ParameterError(f"The company's short name names files; {company!r} cannot.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ParameterError(f"{target} is not empty; name a new folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sopkit-", dir=target.parent) as scratch:
        made = Path(scratch) / target.name
        _fill(made, find_templates(), company)
        if target.exists():
            target.rmdir()
        made.replace(target)
    return target


def _fill(made: Path, templates: Path, company: str) -> None:
    from sopkit.sources.templates import mapping_template, write_excel_templates

    (made / "notebooks").mkdir(parents=True)
    for path in sorted((templates / "notebooks").glob("0*.ipynb")):
        shutil.copyfile(path, made / "notebooks" / path.name)
    runs = made / "params" / "runs"
    runs.mkdir(parents=True)
    shutil.copyfile(templates / "params" / "kpi.yaml", made / "params" / "kpi.yaml")
    (made / "params" / "process.yaml").write_text(write_process(), encoding="utf-8")
    (runs / f"{company}.yaml").write_text(write_params(company), encoding="utf-8")
    scenarios = made / "params" / "scenarios"
    scenarios.mkdir()
    (scenarios / f"{company}.yaml").write_text(write_scenarios(company), encoding="utf-8")
    (made / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    mapping = made / "params" / "mapping" / f"{company}.yaml"
    mapping.parent.mkdir()
    mapping.write_text(mapping_template(company, "data/raw"), encoding="utf-8")
    write_excel_templates(made / "data" / "raw")


def write_params(company: str) -> str:
    """Return the text of a parameter file that names every parameter with its meaning.

    Values are the declared defaults, else the demo company's.
    """
    given = {**_demo_values(), **_EXAMPLES, "company": company, "mapping": company}
    sections = {"common": _lines(Common, given), "run": _lines(Running, given)}
    shared = set(Common.model_fields)
    for name, model in REVIEWS.items():
        sections[name] = _lines(model, {**given, **given.get(name, {})}, without=shared)
    head = f"# {company}: sopkit run CYCLE --params params/runs/{company}.yaml\n"
    blocks = [f"{name}:\n" + "".join(lines) for name, lines in sections.items() if lines]
    return head + "\n".join(blocks)


def write_process() -> str:
    """Return the process of a new folder: the demo company's, without signatures.

    Its users are not the company's yet, so that nobody could sign a month.
    """
    text = (find_templates() / "params" / "process.yaml").read_text(encoding="utf-8")
    return re.sub(r"^approvals: true ", "approvals: false", text, count=1, flags=re.MULTILINE)


def write_scenarios(company: str) -> str:
    """Return the text of a scenario file in which the demo company's stand as comments."""
    path = find_templates() / "params" / "scenarios" / "demo.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("- "))
    head = (
        f"# {company}: scenarios, small diffs of the plan's inputs, solved with every plan.\n"
        "# Words of a change: sopkit whatif --help. The examples are another company's: take the\n"
        "# leading `# ` off one, put your own codes and months in, and try the file with\n"
        f"# sopkit scenario solve params/scenarios/{company}.yaml\n"
    )
    return head + "".join(f"# {line}\n" for line in lines[first:])


def _lines(
    model: type[Declared], given: dict[str, Any], without: set[str] | None = None
) -> list[str]:
    import json

    lines = []
    for name, field in model.model_fields.items():
        if name in (without or set()):
            continue
        value = given[name] if field.is_required() else field.default
        lines.append(f"  {name}: {json.dumps(value)}  # {field.description}\n")
    return lines


def _demo_values() -> dict[str, Any]:
    """Return the demo company's sections: examples for parameters without a default."""
    import yaml

    path = find_templates() / "params" / "runs" / "demo.yaml"
    stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: section for name, section in stored.items() if name in REVIEWS}
