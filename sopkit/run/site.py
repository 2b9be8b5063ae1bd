"""The report site after a run or a publication, built anew only when a page would change."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path

from sopkit.cycle import (
    CyclePaths,
    Manifest,
    StepRecord,
    hash_file,
    hold_lock,
    read_manifest,
    write_manifest,
)
from sopkit.errors import CycleError, SopkitError, StepError
from sopkit.run.hashing import hash_environment, hash_package
from sopkit.run.month import Tell
from sopkit.run.state import REPORT, find_published_at, is_behind, require_manifest
from sopkit.run.steps import STEPS


def find_index(folder: Path) -> Path:
    """Return the site's first page."""
    return folder / "reports" / "index.html"


def build_report(
    paths: CyclePaths, manifest: Manifest, lang: str, tell: Tell, always: bool = False
) -> None:
    """Build the site and note it in the manifest.

    Args:
        paths: the cycle's files.
        manifest: its record.
        lang: language in which the site opens.
        tell: hears of the progress.
        always: build it even when nothing changed.

    Raises:
        SopkitError: the site could not be built; the tables are complete all the same.
    """
    causes = _find_causes(paths, manifest, lang)
    last = manifest.steps.get(REPORT)
    holds = last and last.state == "ok" and last.causes == causes
    if holds and not always and find_index(paths.folder).exists():
        tell.skip(REPORT)
        return
    tell.begin(REPORT, [])
    record = StepRecord("running", causes, started=_now())
    manifest.steps[REPORT] = record
    begun = time.monotonic()
    try:
        _build(paths, lang)
        record.state = "ok"
    except KeyboardInterrupt:
        record.state, record.error = "interrupted", "stopped by Ctrl-C or the system"
        raise
    except Exception as error:
        record.state, record.error = "failed", f"{type(error).__name__}: {error}"
        raise _say_failed(error, paths.name) from error
    finally:
        record.seconds = round(time.monotonic() - begun, 2)
        tell.end(REPORT, record)
        write_manifest(paths, manifest)


def update_report(paths: CyclePaths, tell: Tell) -> None:
    """Bring the site up to date after the cycle was published or opened again.

    It opens in the language in which it was last built.

    Raises:
        CycleError: a run is at work.
        SopkitError: the site could not be built; what was published or opened stands.
    """
    with hold_lock(paths):
        manifest = require_manifest(paths)
        last = manifest.steps.get(REPORT)
        lang = last.causes.get("lang", "en") if last else "en"
        build_report(paths, manifest, lang, tell)


def note_report(paths: CyclePaths, lang: str) -> None:
    """Note that a site which was behind is built; a cycle that is at work notes its own."""
    manifest = read_manifest(paths)
    if manifest is None or not is_behind(manifest):
        return
    with contextlib.suppress(CycleError), hold_lock(paths):
        manifest = require_manifest(paths)
        causes = _find_causes(paths, manifest, lang)
        manifest.steps[REPORT] = StepRecord("ok", causes, started=_now())
        write_manifest(paths, manifest)


def prepare_report(paths: CyclePaths, step: str, lang: str) -> None:
    """Make the workbook while the last step runs; what fails is told when the report is built."""
    if step != STEPS[-1].name:
        return
    from sopkit.report.site import prepare_workbook, warm_site

    with contextlib.suppress(Exception):
        warm_site(paths.folder)
        prepare_workbook(paths.folder, paths.name, lang)


def _build(paths: CyclePaths, lang: str) -> None:
    from sopkit.report.site import build_site

    build_site(paths.folder, paths.name, lang)


def _find_causes(paths: CyclePaths, manifest: Manifest, lang: str) -> dict[str, str]:
    notebooks = sorted(paths.executed_dir.glob("*.ipynb"))
    states = ",".join(f"{n} {s.state}" for n, s in sorted(manifest.steps.items()) if n != REPORT)
    return {
        "package": hash_package(),
        "environment": hash_environment(),
        "lang": lang,
        "state": f"{manifest.state} {states}",
        "published": find_published_at(manifest),
        **{path.name: hash_file(path) for path in notebooks},
    }


def _say_failed(error: Exception, cycle: str) -> SopkitError:
    kind = type(error) if isinstance(error, SopkitError) else StepError
    sentence = str(error) if isinstance(error, SopkitError) else f"{type(error).__name__}: {error}"
    return kind(
        f"The tables of {cycle} are complete, but its report could not be built: {sentence}\n"
        f"Build it with: sopkit report {cycle}"
    )


def _now() -> str:
    return datetime.now().astimezone().isoformat("T", "seconds")
