"""SQLite behind everything that must survive: the database, documents and the journal."""

from sandbox.store.database import Database
from sandbox.store.documents import Documents
from sandbox.store.journal import Event, Journal

__all__ = ["Database", "Documents", "Event", "Journal"]
