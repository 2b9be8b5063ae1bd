"""What every test stands on: pandas in its coming mode, and where the real cases are."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
CASES = Path(os.environ.get("SOPKIT_CASES", ROOT / "../shared/cases")).resolve()

pd.set_option("mode.copy_on_write", True)
pd.set_option("future.infer_string", True)


@pytest.fixture
def cases() -> Path:
    """Return the folder of the real cases, or skip; where SOPKIT_CASES is set it must be there."""
    if not CASES.is_dir():
        if "SOPKIT_CASES" in os.environ:
            pytest.fail(f"SOPKIT_CASES names {CASES}, which is not there")
        pytest.skip("no real cases here: set SOPKIT_CASES to their folder")
    return CASES
