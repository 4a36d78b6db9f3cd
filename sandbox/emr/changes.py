"""What the journal tells of a cluster that has changed. Pure."""

from __future__ import annotations

from sandbox.emr.model import Cluster


def changes(before: Cluster, after: Cluster) -> list[tuple[str, str, dict[str, str]]]:
    """The journal's lines for what differs between two values of one cluster. Pure."""
    found: list[tuple[str, str, dict[str, str]]] = []
    if before.state is not after.state or before.reason != after.reason:
        reason = after.reason.message if after.reason else ""
        found.append((after.id, f"cluster {after.state}", {"reason": reason}))
    was = {group.id: group.reconfiguring for group in before.groups}
    for group in after.groups:
        if group.reconfiguring is not was.get(group.id, False):
            what = "RECONFIGURING" if group.reconfiguring else "RECONFIGURED"
            found.append((group.id, f"group {what}", {"failure": group.failure or ""}))
    known = {step.id: step.state for step in before.steps}
    for step in after.steps:
        if known.get(step.id) is not step.state:
            detail = {"name": step.name, "failure": step.failure.message if step.failure else ""}
            found.append((step.id, f"step {step.state}", detail))
    return found
