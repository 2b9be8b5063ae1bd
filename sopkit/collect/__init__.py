"""One Excel sheet per sender, out and back: who is asked, what is prefilled, what is read again.

`send_sheets` writes the workbooks of a cycle, `read_sheets` takes them back into the planbook,
`describe_status` says who is late. The steps in order: `who`, `prefill`, `answer`, `make`, `write`,
then `read_page`, `read_back`, `keep`; `layout` is what both directions share.
"""

from __future__ import annotations

from sopkit.collect.round import describe_status, read_sheets, send_sheets

__all__ = ["describe_status", "read_sheets", "send_sheets"]
