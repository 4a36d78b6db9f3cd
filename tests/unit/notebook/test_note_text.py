"""Marks, display system, forms and the folder of notes."""

import pytest

from sandbox.notebook import display, folder, forms, magic
from sandbox.notebook.display import Output
from sandbox.notebook.folder import BadPath, NoteFolder
from sandbox.notebook.magic import Language
from sandbox.notebook.note import Message, NotANote, Note, Paragraph


@pytest.mark.parametrize(
    ("text", "language", "code", "line"),
    [
        ("%spark.pyspark\nprint(1)", Language.PYSPARK, "print(1)", 2),
        ("%pyspark print(1)", Language.PYSPARK, "print(1)", 1),
        ("%spark\nval n = 1", Language.SCALA, "val n = 1", 2),
        ("%sql select 1", Language.SQL, "select 1", 1),
        ("\n%md\n# T", Language.MARKDOWN, "# T", 3),
        ("%python(limit=3)\nx", Language.PYTHON, "x", 2),
        ("val n = 1", Language.SCALA, "val n = 1", 1),
        ("%sh\necho %x", Language.SHELL, "echo %x", 2),
    ],
)
def test_the_first_line_names_the_interpreter(text, language, code, line):
    assert magic.program(text) == magic.Program(language, code, line)


def test_an_interpreter_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(magic.UnknownInterpreter, match=r"no interpreter %r .*%spark\.pyspark"):
        magic.program("%r\nplot(1)")


@pytest.mark.parametrize(
    ("printed", "pieces"),
    [
        ("hello\n", [("TEXT", "hello\n")]),
        ("%table a\tb\n1\t2\n", [("TABLE", "a\tb\n1\t2\n")]),
        ("before\n%html <b>x</b>\n", [("TEXT", "before\n"), ("HTML", "<b>x</b>\n")]),
        ("%table a\n1\n%text after", [("TABLE", "a\n1\n"), ("TEXT", "after")]),
        ("100 %table", [("TEXT", "100 %table")]),
        ("%tables x", [("TEXT", "%tables x")]),
        ("", []),
    ],
)
def test_output_tells_its_own_kind(printed, pieces):
    assert display.split(printed) == [Message(*piece) for piece in pieces]


def test_output_keeps_the_order_and_joins_text():
    output = Output()
    output.print("a")
    output.print("b\n")
    output.add(Message("IMG", "png"))
    output.print("c\n")
    assert output.messages() == (Message("TEXT", "ab\n"), Message("IMG", "png"), Message("TEXT", "c\n"))


def test_output_without_end_is_cut_and_says_so():
    output = Output()
    for _ in range(300):
        output.print("x" * 1000)
    (text,) = output.messages()
    assert len(text.data) < display.TEXT_LIMIT + 200
    assert text.data.count("the rest is not kept") == 1


def test_a_cell_cannot_break_the_table():
    assert display.table(["a\tb"], [["1\n2"]]) == "a b\n1 2\n"


def test_forms_in_text_are_filled_in_and_told():
    text = "age > ${min age=30} and sex = '${sex=Male,Male|Female(women)}' in (${checkbox:k=a|b,a|b|c})"
    filled, asked = forms.substitute(text, {"min age": 40})
    assert filled == "age > 40 and sex = 'Male' in (a,b)"
    assert asked["min age"] == forms.text_box("min age", "30")
    assert asked["sex"]["options"][1] == {"value": "Female", "displayName": "women"}
    assert asked["k"]["type"] == "CheckBox"
    assert asked["k"]["defaultValue"] == ["a", "b"]


def test_notes_lie_as_zeppelin_lays_them_out(tmp_path):
    notes = NoteFolder(tmp_path / "notes")
    note = Note("2ABC", "/course/trees", (Paragraph("p1", "%md x"),))
    notes.write(note)
    assert (tmp_path / "notes" / "course" / "trees_2ABC.zpln").is_file()
    assert notes.listing() == {"2ABC": "/course/trees"}
    assert notes.read("2ABC").paragraphs[0].text == "%md x"
    notes.write(Note("2ABC", "/renamed", note.paragraphs))
    assert notes.listing() == {"2ABC": "/renamed"}
    assert notes.delete("2ABC")
    assert not notes.delete("2ABC")
    assert notes.read("2ABC") is None


@pytest.mark.parametrize("path", ["", "/", "../x", "/a/../../x", "/.git/x", "a\\b", "a\x00b", "x" * 300])
def test_no_path_leaves_the_folder(tmp_path, path):
    with pytest.raises(BadPath):
        folder.check(path)
    notes = NoteFolder(tmp_path / "notes")
    with pytest.raises(BadPath):
        notes.write(Note("2ABC", path))
    assert list(tmp_path.rglob("*.zpln")) == []


@pytest.mark.parametrize("id", ["", "../x", "a/b", "a.b"])
def test_no_id_leaves_the_folder(tmp_path, id):
    with pytest.raises(BadPath):
        NoteFolder(tmp_path).write(Note(id, "/n"))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "notes"
    notes = NoteFolder(root)
    (root / "link").symlink_to(outside)
    with pytest.raises(BadPath):
        notes.write(Note("2ABC", "/link/x"))
    (outside / "secret_2XYZ.zpln").write_text('{"paragraphs": []}')
    (root / "s_2XYZ.zpln").symlink_to(outside / "secret_2XYZ.zpln")
    assert notes.read("2XYZ") is None


def test_a_file_that_is_no_note_is_told_and_the_rest_goes_on(tmp_path):
    notes = NoteFolder(tmp_path)
    notes.write(Note("2ABC", "/good"))
    (tmp_path / "bad_2BAD.zpln").write_text("{")
    with pytest.raises(NotANote, match="bad_2BAD"):
        notes.read("2BAD")
    assert notes.read("2ABC") is not None
    assert len(notes.broken()) == 1
