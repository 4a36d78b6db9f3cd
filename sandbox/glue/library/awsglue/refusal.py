"""How this package refuses: by name, never in silence."""

from __future__ import annotations


def not_emulated(api: str, reason: str = "") -> NotImplementedError:
    """The error for a documented API that is not emulated; `reason` says what to do instead."""
    return NotImplementedError(f"{api} is not emulated by EMR Sandbox" + (f": {reason}" if reason else ""))
