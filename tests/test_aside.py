"""Work set aside: the same answer, the same error, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from sopkit.aside import _make_portable, begin
from sopkit.demand import segment_items
from sopkit.errors import InputError
from sopkit.periods import to_cycle_period


def test_an_answer_is_what_the_call_itself_returns():
    assert begin(divmod, 7, 3).result() == (2, 1)
    assert begin(to_cycle_period, cycle="2026-11").result() == pd.Timestamp("2026-11-01")
    both = [begin(pow, 2, n) for n in (1, 2)]
    assert [one.result() for one in both] == [2, 4]
    assert both[0].result() == 2


def test_arguments_count_as_they_were_when_the_call_began():
    given = [1, 2]
    begun = begin(sum, given)
    given.append(3)
    assert begun.result() == 3


def test_what_the_work_prints_is_no_answer(capfd):
    assert begin(print, "loud").result() is None
    assert "loud" not in capfd.readouterr().out


def test_an_error_is_raised_with_the_lines_it_came_from():
    with pytest.raises(Exception, match="2026/11") as caught:
        begin(to_cycle_period, "2026/11").result()
    assert type(caught.value).__name__ == "ParameterError"
    assert "to_cycle_period" in caught.value.__notes__[0]
    with pytest.raises(AttributeError):
        begin(segment_items, None, None, None).result()


class UnlikeError(InputError):
    """An error that cannot be made again from what it holds."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def test_an_error_that_cannot_travel_is_told_in_words():
    told = _make_portable(UnlikeError("quite", "unlike"))
    assert type(told) is RuntimeError and "UnlikeError: quite unlike" in str(told)


def test_a_process_that_was_killed_is_told():
    begun = begin(time.sleep, 30)
    begun._process.kill()
    with pytest.raises(RuntimeError, match=r"sleep.*without an answer \(exit code -9\)"):
        begun.result()


def test_nothing_goes_on_when_the_notebook_was_killed():
    script = (
        "import time; from sopkit.aside import begin; one = begin(time.sleep, 1); "
        "print(one._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not is_there(child):
            return
        time.sleep(0.1)
    pytest.fail(f"process {child} is still at work")


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    told = Path(f"/proc/{process}/stat").read_text()
    return told.rsplit(")", 1)[1].split()[0] != "Z"
