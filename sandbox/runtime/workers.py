"""Threads that each do one piece of work, and can be waited for all together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sandbox.errors import WorkFailed


class Workers:
    """Starts threads; after `refuse_new`, callers from outside get none.

    Work that follows from other work, as a cluster's end from the request for it, is let in to the last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self.ending = False
        """Whether new work is refused."""

    def admit(self) -> None:
        """Raise `WorkFailed` when new work is no longer taken."""
        if self.ending:
            raise WorkFailed("The sandbox is ending and takes no new work")

    def refuse_new(self) -> None:
        """From now on `admit` raises."""
        self.ending = True

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Do `work` in a thread of its own."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def join(self) -> None:
        """Wait until no thread is left, those that were started meanwhile included."""
        while True:
            with self._lock:
                threads = list(self._threads)
            if not threads:
                return
            for thread in threads:
                thread.join()
