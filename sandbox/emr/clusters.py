"""The clusters of a sandbox: kept in the database, and read from memory, since one process owns the state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.emr.model import Cluster, from_document, to_document
from sandbox.store import Database, Documents, Journal


class Clusters:
    """Values by id, oldest first. Whoever changes one does it alone: the supervisor's lock sees to that."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self._documents = Documents(database, "cluster")
        self._known = {one.id: one for one in map(from_document, self._documents.all())}

    def get(self, id: str) -> Cluster | None:
        """The cluster with this id, or None."""
        return self._known.get(id)

    def all(self) -> list[Cluster]:
        """Every cluster, oldest first."""
        return list(self._known.values())

    def commit(
        self, cluster: Cluster, at: float = 0.0, lines: Iterable[tuple[str, str, dict[str, Any]]] = ()
    ) -> None:
        """Store a value and the journal's lines for it, all or nothing; it is read from then on."""
        with self._database.transaction():
            self._documents.put(cluster.id, to_document(cluster))
            for subject, what, detail in lines:
                self._journal.append(at, subject, what, **detail)
        self._known[cluster.id] = cluster
