"""One JSON line per refusal on standard error: who, what and why, never a header's value."""

import json
import sys


def log_line(event: str, **fields: object) -> None:
    """Writes one line; text of a client is JSON-escaped, so it can't forge a second one."""
    print(json.dumps({"gatehouse": event, **fields}), file=sys.stderr, flush=True)
