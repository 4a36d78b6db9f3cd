"""What is written is there, in order, or not at all."""

import threading

import pytest

from sandbox.errors import MachineError
from sandbox.store import Database, Documents, Journal


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "x.db")
    yield database
    database.close()


def test_documents_keep_their_order_when_replaced(database):
    documents = Documents(database, "cluster")
    documents.put("a", {"n": 1})
    documents.put("b", {"n": 2})
    documents.put("a", {"n": 3})
    assert documents.all() == [{"n": 3}, {"n": 2}]
    assert Documents(database, "other").all() == []


def test_an_id_is_given_once(database):
    documents = Documents(database, "job")
    assert documents.add("a", {"n": 1}) is True
    assert documents.add("a", {"n": 2}) is False
    assert documents.get("a") == {"n": 1}
    assert documents.delete("a") is True
    assert documents.delete("a") is False
    assert documents.get("a") is None


def test_a_transaction_is_whole_or_nothing(database):
    documents, journal = Documents(database, "x"), Journal(database)
    with pytest.raises(RuntimeError), database.transaction():
        documents.put("a", {})
        with database.transaction():
            journal.append(1.0, "a", "made")
        raise RuntimeError
    assert documents.get("a") is None
    assert journal.since() == []


def test_the_journal_is_read_from_where_one_left_off(database):
    journal = Journal(database)
    for number in range(3):
        journal.append(float(number), f"s{number % 2}", "happened", n=number)
    events = journal.since()
    assert [event.detail["n"] for event in events] == [0, 1, 2]
    assert journal.since(events[1].seq) == [events[2]]
    assert [event.subject for event in journal.since(0, "s1")] == ["s1"]


def test_what_was_committed_is_read_by_another_connection(tmp_path):
    first = Database(tmp_path / "y.db")
    Documents(first, "x").put("a", {"n": 1})
    second = Database(tmp_path / "y.db")
    assert Documents(second, "x").get("a") == {"n": 1}
    first.close()
    second.close()


def test_threads_take_turns(database):
    documents = Documents(database, "x")

    def write(name):
        for number in range(50):
            with database.transaction():
                documents.put(f"{name}{number}", {})

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(documents.all()) == 200


def test_a_full_disk_is_told_and_loses_nothing(database):
    documents = Documents(database, "x")
    documents.put("before", {"n": 1})
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(MachineError, match="disk is full"):
        documents.put("large", {"text": "x" * 1_000_000})
    with pytest.raises(MachineError, match="disk is full"), database.transaction():
        documents.put("small", {})
        documents.put("large", {"text": "x" * 1_000_000})
    assert documents.all() == [{"n": 1}]
    documents.put("after", {"n": 2})
    assert documents.all() == [{"n": 1}, {"n": 2}]
