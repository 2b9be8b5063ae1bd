"""Faults with real kernels: each ends in one sentence, leaves the tables, and can be continued."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from small_month import CYCLE, STEPS, notebook, parameter_file, parameters, planning_folder

from sopkit.cycle import DiskFullError, read_manifest, to_paths
from sopkit.errors import InputError, PlanError, SopkitError, StepError
from sopkit.run.failures import InterruptedRunError
from sopkit.run.hashing import hash_package
from sopkit.run.month import Outcome, run_month

DEMAND, SUPPLY, _ = STEPS
resource = pytest.importorskip("resource", reason="limits of memory and files are of POSIX")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A planning folder whose first step holds."""
    made = planning_folder(tmp_path_factory.mktemp("begun") / "plan")
    run_month(CYCLE, made, parameters(made), STEPS[:1])
    return made


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    return shutil.copytree(begun, tmp_path / "plan")


def run(folder: Path) -> Outcome:
    return run_month(CYCLE, folder, parameters(folder), STEPS[:2])


def tables(folder: Path) -> dict[str, bytes]:
    return {p.stem: p.read_bytes() for p in to_paths(CYCLE, folder).tables_dir.glob("*")}


def state(folder: Path, step: str = SUPPLY.name) -> str:
    return read_manifest(to_paths(CYCLE, folder)).steps[step].state


def check_failure(folder: Path, kind: type[SopkitError], sentence: str) -> str:
    """Run, and hold the failure to what every failure promises; return the message."""
    before = tables(folder)
    with pytest.raises(kind) as told:
        run(folder)
    message = str(told.value)
    assert type(told.value) is kind
    assert re.search(sentence, message.splitlines()[0]), message
    assert message.endswith(f"Continue with: sopkit run {CYCLE}")
    assert "Traceback" not in message
    assert tables(folder) == before
    paths = to_paths(CYCLE, folder)
    assert not paths.staging_dir.exists()
    assert read_manifest(paths).running == {}
    return message


def check_continues(folder: Path) -> None:
    """Mend the step and run again: it goes on there and nothing of the failure stays."""
    notebook(folder, SUPPLY)
    assert run(folder) == Outcome(ran=[SUPPLY.name], skipped=[DEMAND.name])
    failed = to_paths(CYCLE, folder).executed_dir / "failed"
    assert list(failed.glob("*")) == []
    assert state(folder) == "ok"


def failed_notebook(folder: Path) -> str:
    return (to_paths(CYCLE, folder).executed_dir / "failed" / f"{SUPPLY.name}.ipynb").read_text()


def test_an_error_in_a_cell(folder):
    notebook(folder, SUPPLY, "{}['no such key']", early="kept = 'so far'; kept")
    message = check_failure(
        folder, StepError, r"03_supply_review failed in cell 5 of 6: KeyError: 'no such key'"
    )
    assert "failed/03_supply_review.ipynb" in message.replace("\\", "/")
    assert "did not come to its end here" in failed_notebook(folder)
    assert "so far" in failed_notebook(folder)
    check_continues(folder)


def test_bad_data_keeps_its_own_message_and_exit_code(folder):
    notebook(folder, SUPPLY, "c.read('consensus_demand')")
    check_failure(folder, InputError, "cell 4 of 5: Table consensus_demand of cycle 2026-11 is not")
    notebook(
        folder, SUPPLY, "from sopkit.errors import PlanError\nraise PlanError('No plan exists.')"
    )
    message = check_failure(folder, PlanError, r"cell 4 of 5: No plan exists\.")
    assert PlanError.exit_code == 3
    assert "papermill" not in message
    check_continues(folder)


def test_a_killed_kernel(folder):
    notebook(folder, SUPPLY, early="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    check_failure(folder, StepError, "kernel of 03_supply_review died in cell 3 of 5")
    assert '"status": "failed"' in failed_notebook(folder), "papermill would say completed"
    check_continues(folder)


def test_a_kernel_killed_after_its_tables_were_written(folder):
    notebook(
        folder,
        SUPPLY,
        tail="c.write('stock_target', pd.DataFrame(columns=STOCK))\nimport os\nos._exit(0)",
    )
    check_failure(folder, StepError, "kernel of 03_supply_review died in cell 4 of 4")
    check_continues(folder)


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "exit()", "raise SystemExit"])
def test_a_notebook_that_leaves_early_has_not_succeeded(folder, leave):
    notebook(folder, SUPPLY, early=leave)
    check_failure(folder, StepError, "03_supply_review")
    check_continues(folder)


def test_a_cell_that_takes_too_long(folder):
    notebook(folder, SUPPLY, early="import time\ntime.sleep(600)")
    parameter_file(folder, cell_timeout_seconds=3)
    check_failure(folder, StepError, "cell 3 of 5 took longer than 3 seconds")
    parameter_file(folder)
    check_continues(folder)


def test_a_full_disk_seen_by_a_cell(folder):
    notebook(folder, SUPPLY, early="import errno, os\nraise OSError(errno.ENOSPC, os.strerror(28))")
    check_failure(folder, DiskFullError, "The disk is full: 03_supply_review stopped in cell 3")
    check_continues(folder)


def test_a_file_too_big_to_write(folder):
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    notebook(folder, SUPPLY, limit)
    check_failure(folder, DiskFullError, "The disk is full")
    check_continues(folder)


def test_too_little_memory(folder):
    notebook(folder, SUPPLY, early="raise MemoryError")
    check_failure(folder, StepError, "03_supply_review ran out of memory in cell 3")
    check_continues(folder)


def test_an_error_right_at_the_first_cell(folder):
    notebook(folder, SUPPLY)
    path = SUPPLY.notebook(folder)
    path.write_text(path.read_text("utf-8").replace("cycle = '2026-11'", "cycle = '2026-11"))
    check_failure(folder, StepError, "03_supply_review failed in cell 1")
    check_continues(folder)


def test_a_kernel_that_does_not_start_is_tried_once_more(folder, monkeypatch):
    from sopkit.run import notebook as room

    started = []
    start = room.start_kernel

    def start_badly(*given: object, **options: object) -> object:
        started.append(1)
        manager = start(*given, **options)
        if len(started) == 1:
            os.kill(manager.provisioner.pid, signal.SIGKILL)
        return manager

    monkeypatch.setattr(room, "start_kernel", start_badly)
    assert run(folder).ran == [SUPPLY.name]
    assert len(started) == 2


COMMAND = """
import signal, sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from small_month import CYCLE, STEPS, parameters
from sopkit.cli import _stop
from sopkit.errors import SopkitError
from sopkit.run import causes
from sopkit.run.month import run_month
causes.hash_package = lambda: sys.argv[2]  # the package may be edited while the tests run
signal.signal(signal.SIGTERM, _stop)
folder = Path(sys.argv[1])
try:
    run_month(CYCLE, folder, parameters(folder), STEPS[:2])
except SopkitError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def start(folder: Path) -> subprocess.Popen:
    """Run the month in a process of its own and wait until the slow cell is at work."""
    (folder / "at_work").unlink(missing_ok=True)
    wait = f"import os, time\nopen({str(folder / 'at_work')!r}, 'w').write(str(os.getpid()))\n"
    notebook(folder, SUPPLY, early=wait + "time.sleep(600)")
    code = COMMAND.format(tests=str(ROOT / "tests"))
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), hash_package()], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 90
    while not (folder / "at_work").exists() or not (folder / "at_work").read_text():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    return process


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, "the kernel outlives its run"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminate"])
def test_a_run_that_is_stopped(folder, number):
    before = tables(folder)
    process = start(folder)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == InterruptedRunError.exit_code == 130
    assert b"03_supply_review was stopped in cell 3 of 5" in told
    assert b"Traceback" not in told
    assert told.decode().strip().endswith(f"Continue with: sopkit run {CYCLE}")
    wait_until_gone(int((folder / "at_work").read_text()))
    assert tables(folder) == before
    assert state(folder) == "interrupted"
    check_continues(folder)


def test_a_runner_that_is_killed(folder):
    before = tables(folder)
    process = start(folder)
    process.kill()
    process.wait()
    process.stderr.close()
    assert state(folder) == "running"
    wait_until_gone(int((folder / "at_work").read_text()))
    assert tables(folder) == before
    check_continues(folder)


def test_two_runs_at_once(folder):
    process = start(folder)
    with pytest.raises(SopkitError, match=rf"process {process.pid}, since"):
        run(folder)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    check_continues(folder)


def test_a_disk_that_is_full_for_the_runner_itself(folder):
    before = tables(folder)
    manifest = to_paths(CYCLE, folder).manifest_file.read_bytes()
    code = COMMAND.format(tests=str(ROOT / "tests"))

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), hash_package()],
        stderr=subprocess.PIPE,
        preexec_fn=no_room,
    )
    assert done.returncode == DiskFullError.exit_code == 5
    assert b"The disk is full" in done.stderr and b"Traceback" not in done.stderr
    assert tables(folder) == before
    assert to_paths(CYCLE, folder).manifest_file.read_bytes() == manifest
    assert run(folder).ran == [SUPPLY.name]
