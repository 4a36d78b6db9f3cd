"""How much faster than on AWS the clocks of policies run here: nobody waits five minutes for an alarm."""

from __future__ import annotations

SPEED = 10
"""Periods, cool-downs and notices that AWS counts in minutes are divided by this."""
