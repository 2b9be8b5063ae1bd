"""Renew tests/notebooks/: the working notebooks with their outputs on the tiny company.

    python tests/golden.py

nbval compares them cell by cell; a test holds their sources equal to notebooks/. Read the
difference before committing it: these numbers were solved by hand.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the five notebooks with their default parameters and keep them with outputs."""
    import nbformat
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "tiny"
        shutil.copytree(ROOT / "tests/tiny", home)
        shutil.copy(ROOT / "params/kpi.yaml", home / "params/kpi.yaml")
        os.environ["SOPKIT_HOME"] = str(home)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
            for cell in (c for c in notebook.cells if c.cell_type == "code"):
                cell.metadata.pop("execution", None)
            notebook.metadata.pop("language_info", None)
            nbformat.write(notebook, ROOT / "tests/notebooks" / path.name)
            print(f"tests/notebooks/{path.name}")


if __name__ == "__main__":
    main()
