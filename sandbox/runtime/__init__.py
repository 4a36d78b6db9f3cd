"""Where commands run: processes, readiness, marks."""
