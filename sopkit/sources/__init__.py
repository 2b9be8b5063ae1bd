"""Other systems' files become contract tables: mapping, reading, snapshot, report.

`mapping` documents the YAML. `read_mapping`, `snapshot_files`, `read_tables` in this order make a
cycle's tables; `raise_if_unfit` stops a run, `summarise` and `to_json` tell what was accepted.
"""

from __future__ import annotations

from sopkit.sources.mapping import read_mapping, source_folder
from sopkit.sources.model import Mapping
from sopkit.sources.reading import Loaded, raise_if_unfit, read_tables
from sopkit.sources.snapshot import fingerprint_files, hash_file, mapped_files, snapshot_files
from sopkit.sources.summary import is_fit, summarise, to_json
from sopkit.sources.templates import mapping_template, write_excel_templates

__all__ = [
    "Loaded",
    "Mapping",
    "fingerprint_files",
    "hash_file",
    "is_fit",
    "mapped_files",
    "mapping_template",
    "raise_if_unfit",
    "read_mapping",
    "read_tables",
    "snapshot_files",
    "source_folder",
    "summarise",
    "to_json",
    "write_excel_templates",
]
