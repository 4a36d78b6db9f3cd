import threading

import pytest

from sandbox.errors import MachineError
from sandbox.runtime.lock import StateLock


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    first, second = StateLock(tmp_path / "state" / "lock"), StateLock(tmp_path / "state" / "lock")
    first.acquire()
    with pytest.raises(MachineError, match="Another sandbox runs on the state"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_lock_can_be_waited_for(tmp_path):
    first, second = StateLock(tmp_path / "lock"), StateLock(tmp_path / "lock")
    first.acquire()
    order = []

    def wait():
        second.acquire(wait=True)
        order.append("second")
        second.release()

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.05)
    order.append("first")
    first.release()
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_folder_that_cannot_be_made_is_the_machines_fault(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot be written: Not a directory") as caught:
        StateLock(tmp_path / "file" / "state" / "lock").acquire()
    assert "--state" in caught.value.mend
