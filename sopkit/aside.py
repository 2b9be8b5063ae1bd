"""Work that a notebook sets aside: done by a process of its own, on another core, meanwhile.

The result is what the call itself would have given, so a table does not depend on it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from threading import Thread
from typing import Any, Generic, ParamSpec, TypeVar, cast

Given = ParamSpec("Given")
Result = TypeVar("Result")
COMMAND = (sys.executable, "-P", "-W", "ignore", "-m", "sopkit.aside")


class Aside(Generic[Result]):
    """A call that is being worked on; `result` waits for what it returns."""

    def __init__(self, call: Any) -> None:
        self._name = f"{call[0].__module__}.{call[0].__qualname__}"
        self._process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._answer = b""
        question = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
        self._listener = Thread(target=self._listen, args=(question,), daemon=True)
        self._listener.start()

    def _listen(self, question: bytes) -> None:
        self._answer = self._process.communicate(question)[0]

    def result(self) -> Result:
        """Return what the call returned, or raise what it raised.

        Raises:
            RuntimeError: the process ended without an answer (it was killed, say).
        """
        self._listener.join()
        if not self._answer:
            raise RuntimeError(
                f"{self._name}, worked on by another process, ended without an answer "
                f"(exit code {self._process.returncode}). Run the notebook again."
            )
        is_error, answer = pickle.loads(self._answer)
        if is_error:
            raise answer
        return cast(Result, answer)


def begin(work: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Aside[Result]:
    """Begin a call in a process of its own and return at once.

    Worth it for work of seconds whose arguments are tables: they are copied there and back. The
    process ends with its answer, or when nobody is left to take it.

    Args:
        work: a function of a module; args, named: what it is called with, as they are now.

    Example:
        >>> begin(divmod, 7, 3).result()
        (2, 1)
    """
    return Aside((work, args, named))


def main() -> None:
    """Read a call from standard input, do it, write the answer to standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the work prints is no answer
    answer: tuple[bool, Any]
    try:
        work, args, named = pickle.load(sys.stdin.buffer)
        answer = False, work(*args, **named)
    except Exception as error:
        answer = True, _make_portable(error)
    with answers:
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)


def _make_portable(error: Exception) -> Exception:
    """Return an error that another process can raise, with the lines that it came from."""
    lines = "".join(traceback.format_exception(error))
    try:
        kept = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(lines)
    kept.add_note(lines)
    return cast(Exception, kept)


if __name__ == "__main__":
    main()
