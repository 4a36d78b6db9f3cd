"""Snapshots of a small state: what is in them, what is refused, and that nothing is lost."""

import gzip
import io
import json
import re
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from sandbox.errors import MachineError, UsageError, WorkFailed
from sandbox.runtime import snapshot_archive
from sandbox.runtime.snapshot_files import belongs
from sandbox.runtime.snapshots import FORMAT, Snapshots

NOW = 1_700_000_000.0


@pytest.fixture
def state(tmp_path):
    """A state with a word in its database, an object, a note, and what only a run needs."""
    folder = tmp_path / "state"
    fill(folder, "before")
    return folder


def fill(folder, word):
    for name in ("s3/blobs/01", "s3/blobs/ff", "notebooks", "clusters/j-1/logs/steps", "clusters/j-1/nodes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_word(folder, word)
    with closing(sqlite3.connect(folder / "s3/index.db")) as index:
        index.execute("CREATE TABLE IF NOT EXISTS object (key TEXT)")
    for name in ("s3/blobs/01/257", "notebooks/note.zpln", "clusters/j-1/logs/steps/stdout"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(word)
    for name in ("lock", "up.lock", "sandbox.json", "sandbox.log", "clusters/j-1/nodes/core"):
        (folder / name).write_text("of a run")


def write_word(folder, word):
    location = json.dumps({"LocationUri": f"file:{folder}/warehouse/sales.db"})
    with closing(sqlite3.connect(folder / "sandbox.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS catalog_database (name TEXT, document TEXT)")
        database.execute("DELETE FROM catalog_database")
        database.execute("INSERT INTO catalog_database VALUES (?, ?)", (word, location))


def content(folder):
    """What of a state must come back, byte for byte or row for row."""
    with closing(sqlite3.connect(folder / "sandbox.db")) as database:
        rows = database.execute("SELECT name FROM catalog_database").fetchall()
    names = ("s3/blobs/01/257", "notebooks/note.zpln", "clusters/j-1/logs/steps/stdout")
    return rows, [(folder / name).read_text() for name in names]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sandbox.db", True),
        ("sandbox.db-wal", False),
        ("s3/index.db-shm", False),
        ("s3/blobs/0a/10", True),
        ("notebooks/lock", True),
        ("lock", False),
        ("sandbox.json", False),
        ("machines/core-1", False),
        ("clusters/j-1", True),
        ("clusters/j-1/logs/node/i-1/out", True),
        ("clusters/j-1/nodes/i-1/python", False),
    ],
)
def test_what_belongs_to_a_snapshot(path, expected):
    assert belongs(PurePosixPath(path)) is expected


def test_a_saved_state_comes_back_and_stays_saved(state):
    snapshots = Snapshots(state)
    saved = snapshots.save("start_1", NOW)
    old = content(state)
    for word in ("one", "two"):
        fill(state, word)
        assert snapshots.load("start_1") == saved
        assert content(state) == old
    assert snapshots.names() == ["start_1"]
    assert sorted(path.name for path in snapshots.folder.iterdir()) == ["start_1"]
    assert not (state / "sandbox.json").exists()
    assert not (state / "clusters/j-1/nodes").exists()
    assert (state / "s3/blobs/ff").is_dir()
    assert (state / "lock").exists()
    assert not state.with_name("state.replaced").exists()


def test_objects_are_linked_and_databases_never(state):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    saved = snapshots.folder / "a" / "state"
    for name, same in (("s3/blobs/01/257", True), ("sandbox.db", False), ("notebooks/note.zpln", False)):
        assert (state / name).samefile(saved / name) is same, name


def test_what_lies_in_the_write_ahead_log_is_saved(state):
    with closing(sqlite3.connect(state / "sandbox.db")) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("SELECT name FROM catalog_database").fetchall()
        write_word(state, "in the log")
        assert (state / "sandbox.db-wal").stat().st_size
        Snapshots(state).save("a", NOW)
    write_word(state, "later")
    Snapshots(state).load("a")
    assert content(state)[0] == [("in the log",)]


def test_links_are_left_out_and_counted(state):
    (state / "notebooks" / "link").symlink_to("/etc/hosts")
    assert Snapshots(state).save("a", NOW).skipped == 1
    Snapshots(state).load("a")
    assert not (state / "notebooks" / "link").is_symlink()


@pytest.mark.parametrize("name", ["", "a b", "../a", "a/b", "-a", ".draft-x", "ä", "a" * 101, "a\n"])
def test_a_name_is_refused(state, name):
    with pytest.raises(UsageError, match="cannot name a snapshot"):
        Snapshots(state).save(name, NOW)


def test_names_that_are_taken_or_unknown(state):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    with pytest.raises(UsageError, match="already"):
        snapshots.save("a", NOW)
    with pytest.raises(UsageError, match=r"no snapshot 'b'.*there is: a"):
        snapshots.load("b")


def test_a_snapshot_of_a_later_format_is_refused(state):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    manifest = snapshots.folder / "a" / "snapshot.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": FORMAT + 1}))
    fill(state, "now")
    with pytest.raises(UsageError, match="newer sandbox"):
        snapshots.load("a")
    assert content(state)[0] == [("now",)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', '{"format": 1}', "\xff"])
def test_a_broken_manifest_is_told(state, text):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    (snapshots.folder / "a" / "snapshot.json").write_text(text, "latin-1")
    with pytest.raises(WorkFailed, match="no snapshot of a sandbox"):
        snapshots.load("a")


def test_a_broken_database_does_not_replace_the_state(state):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    (snapshots.folder / "a" / "state" / "sandbox.db").write_bytes(b"no database" * 1000)
    with pytest.raises(WorkFailed, match=r"sandbox\.db"):
        snapshots.load("a")
    assert content(state)[0] == [("before",)]


def test_a_failed_rename_leaves_the_old_state(state, monkeypatch):
    snapshots = Snapshots(state)
    snapshots.save("a", NOW)
    fill(state, "now")
    rename = Path.rename

    def failing(path, target):
        if target == state and path.name == "state" and path.parent.name == "new":
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space left") as raised:
        snapshots.load("a")
    assert content(state)[0] == [("now",)]
    assert "the state is as it was" in str(snapshots.failure(raised.value, "Loading"))


def test_a_load_that_was_cut_off_is_told(state):
    state.rename(state.with_name("state.replaced"))
    with pytest.raises(MachineError, match=r"lies whole in .*state\.replaced"):
        Snapshots(state).check_place()


# --- one file


@pytest.fixture
def exported(state, tmp_path):
    return export(state, tmp_path / "course.tar.gz")


def export(state, file):
    snapshots = Snapshots(state)
    with snapshots.draft() as draft:
        snapshot, _ = snapshots.take(draft, NOW)
        snapshot_archive.pack(snapshot, file)
    return file


def import_into(state, file):
    snapshots = Snapshots(state)
    with snapshots.draft() as draft:
        snapshot = draft / "snapshot"
        snapshot.mkdir()
        manifest = snapshot_archive.unpack(file, snapshot)
        snapshots.replace(draft, snapshot, manifest)


def test_a_file_becomes_the_state_elsewhere(state, exported, tmp_path):
    other = tmp_path / "ot'her ü"
    fill(other, "other")
    import_into(other, exported)
    assert content(other) == content(state)
    with closing(sqlite3.connect(other / "sandbox.db")) as database:
        (text,) = database.execute("SELECT document FROM catalog_database").fetchone()
    assert json.loads(text) == {"LocationUri": f"file:{other}/warehouse/sales.db"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course.tar.gz", other.name, "state"]


def test_an_existing_file_is_not_overwritten(state, exported):
    before = exported.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        export(state, exported)
    assert exported.read_bytes() == before


def refused(state, file, match, error=WorkFailed):
    with pytest.raises(error, match=match):
        import_into(state, file)
    assert content(state)[0] == [("before",)]


def test_a_file_that_was_cut_or_changed_is_refused_anywhere(state, exported, tmp_path):
    whole = exported.read_bytes()
    broken = tmp_path / "broken"
    step = len(whole) // 20
    for position in [*range(0, len(whole), step), len(whole) - 1, len(whole) - 5]:
        broken.write_bytes(whole[:position])
        refused(state, broken, "broken")
        broken.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        # The time and the name in the header of gzip mean nothing.
        if position == 0 or position > 40:
            refused(state, broken, "broken")


def test_foreign_files_are_refused(state, tmp_path):
    refused(state, tmp_path / "none", "no file", UsageError)
    text = tmp_path / "text"
    text.write_text("hello")
    refused(state, text, "no snapshot of a sandbox")
    text.write_bytes(gzip.compress(b"hello"))
    refused(state, text, "no snapshot of a sandbox")


def member(name, kind=tarfile.REGTYPE, link=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "extra",
    [
        member("../outside"),
        member("/etc/outside"),
        member("state/../../outside"),
        member("state/../snapshot.json"),
        member("other/file"),
        member("state/sandbox.json"),
        member("state/link", tarfile.SYMTYPE, "/etc/hosts"),
        member("state/link", tarfile.LNKTYPE, "state/sandbox.db"),
        member("state/pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda extra: f"{extra.name}-{extra.type.decode()}",
)
def test_a_file_with_what_no_snapshot_holds_is_refused(state, exported, tmp_path, extra):
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(exported) as whole, tarfile.open(evil, "w:gz") as made:
        for each in whole:
            made.addfile(each, whole.extractfile(each))
        made.addfile(extra)
    refused(state, evil, f"no snapshot holds such as {re.escape(repr(extra.name))}")
    assert not (tmp_path / "outside").exists()


def test_a_file_that_lacks_one_is_refused(state, exported, tmp_path):
    less = tmp_path / "less.tar.gz"
    with tarfile.open(exported) as whole, tarfile.open(less, "w:gz") as made:
        for each in whole:
            if not each.name.endswith("note.zpln"):
                made.addfile(each, whole.extractfile(each))
    refused(state, less, "4 of 5 files")


def test_a_file_of_a_later_format_is_refused(state, tmp_path):
    later = tmp_path / "later.tar.gz"
    text = json.dumps({"format": FORMAT + 1}).encode()
    with tarfile.open(later, "w:gz") as made:
        first = member("snapshot.json")
        first.size = len(text)
        made.addfile(first, io.BytesIO(text))
    refused(state, later, "newer sandbox", UsageError)
