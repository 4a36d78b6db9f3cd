"""Ratios against the bare tools, measured in one run; see docs/performance.md."""
