"""What a node has on its PATH beside Spark, and what stands for EMR's absolute paths."""

from pathlib import Path

import pytest

from sandbox.emr import commands
from sandbox.emr.commands import aws, sudo
from sandbox.emr.layout import Layout
from sandbox.emr.places import of_node, rewrite, rewrite_all, rewrite_file


@pytest.mark.parametrize(
    ("given", "argv", "variables"),
    [
        ("pip3 install x", "pip3 install x", {}),
        ("-E -H pip3 install -u", "pip3 install -u", {}),
        ("-EH -n make", "make", {}),
        ("-u root ls", "ls", {}),
        ("-uhadoop ls -l", "ls -l", {}),
        ("-Hu hadoop ls", "ls", {}),
        ("--user=root --preserve-env=PATH ls", "ls", {}),
        ("-- ls -x", "ls -x", {}),
        ("A=1 B=2=3 ls C=4", "ls C=4", {"A": "1", "B": "2=3"}),
    ],
)
def test_sudo_runs_the_command_behind_its_options(given, argv, variables):
    asked = sudo.parse(given.split())
    assert (asked.argv, asked.variables) == (tuple(argv.split()), variables)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("-u hdfs hdfs dfs -ls", "not hdfs"),
        ("-i ls", "option -i"),
        ("-b sleep 1", "option -b"),
        ("--login ls", "option --login"),
        ("-u", "not $"),
        ("", "no command"),
        ("-E", "no command"),
    ],
)
def test_sudo_refuses_what_it_cannot_do(given, told):
    with pytest.raises(sudo.NotHere, match=told):
        sudo.parse(given.split())


def program(path: Path, text: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_aws_is_the_nodes_own_then_the_users_then_the_one_beside_the_sandbox(tmp_path):
    environment = {commands.NODE_PYTHON: str(tmp_path / "node"), aws.USERS_OWN: str(tmp_path / "aws")}
    assert aws.command(["s3", "ls"], environment, None) is None
    assert aws.command(["s3"], environment, ("python", "-m", "awscli")) == ["python", "-m", "awscli", "s3"]
    users = program(tmp_path / "aws")
    assert aws.command(["s3"], environment, ("python",)) == [str(users), "s3"]
    own = program(tmp_path / "node" / "bin" / "aws")
    assert aws.command(["s3"], environment, ("python",)) == [str(own), "s3"]


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("s3 ls", "--endpoint-url http://h:1 s3 ls"),
        ("s3 ls --endpoint-url http://other", "s3 ls --endpoint-url http://other"),
        ("--endpoint-url=http://other s3 ls", "--endpoint-url=http://other s3 ls"),
    ],
)
def test_aws_is_sent_to_the_sandbox_whatever_its_version(given, called):
    made = aws.command(given.split(), {"AWS_ENDPOINT_URL": "http://h:1"}, ("cli",))
    assert made == ["cli", *called.split()]


PLACES = {"/home/hadoop": "/node", "/mnt/var/lib/info": "/node/info", "/usr/bin/pip3": "/bin/pip3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grep isMaster /mnt/var/lib/info/instance.json", "grep isMaster /node/info/instance.json"),
        ("sudo /usr/bin/pip3 install x", "sudo /bin/pip3 install x"),
        ("cd '/home/hadoop'; X=/home/hadoop/y", "cd '/node'; X=/node/y"),
        ("file:///home/hadoop/x", "file:///node/x"),
        ("s3://b/home/hadoop/x", "s3://b/home/hadoop/x"),
        (
            "/home/hadoop2 /usr/bin/pip3.9 $ROOT/home/hadoop",
            "/home/hadoop2 /usr/bin/pip3.9 $ROOT/home/hadoop",
        ),
    ],
)
def test_whole_paths_are_replaced_by_the_nodes_places(text, expected):
    done = rewrite(text, PLACES)
    assert done.text == expected
    assert bool(done.notes) is (text != expected)


def test_each_replacement_is_told_once():
    texts, notes = rewrite_all(["/home/hadoop/a", "/home/hadoop/b", "c"], PLACES)
    assert texts == ("/node/a", "/node/b", "c")
    assert notes == ("/home/hadoop is replaced by /node, which stands for it on this node",)


def test_a_script_that_is_no_text_stays_as_it_is(tmp_path):
    script = tmp_path / "script"
    script.write_bytes(b"\xff\xfe/home/hadoop")
    assert rewrite_file(script, PLACES) == ()
    assert script.read_bytes() == b"\xff\xfe/home/hadoop"
    script.write_text("cd /home/hadoop\n")
    assert len(rewrite_file(script, PLACES)) == 1
    assert script.read_text() == "cd /node\n"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("#!/usr/bin/python3", "#!/usr/bin/env python3"),
        ("#! /usr/local/bin/python3 -u", "#!/usr/bin/env -S python3 -u"),
        ("#!/usr/bin/env python3", "#!/usr/bin/env python3"),
        ("#!/usr/bin/python3.9", "#!/usr/bin/python3.9"),
        ("#!/bin/bash", "#!/bin/bash"),
    ],
)
def test_a_scripts_first_line_leads_to_the_nodes_python(tmp_path, first, expected):
    script = tmp_path / "script"
    script.write_text(f"{first}\npass\n")
    assert len(rewrite_file(script, of_node(Layout(tmp_path, "j-1"), "i-1"))) == (first != expected)
    assert script.read_text() == f"{expected}\npass\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/hadoop/x.py", "/my node/x.py"),
        ("cat /home/hadoop/x", "cat /my\\ node/x"),
        ("cat '/home/hadoop/x' /home/hadoop/y", "cat '/my node/x' /my\\ node/y"),
        ('echo "it\'s" /home/hadoop', 'echo "it\'s" /my\\ node'),
        ('cd "/home/hadoop"\ncd /home/hadoop', 'cd "/my node"\ncd /my\\ node'),
        ("echo it\\'s /home/hadoop", "echo it\\'s /my\\ node"),
    ],
)
def test_a_place_with_a_space_is_one_word_for_the_shell(text, expected):
    assert rewrite(text, {"/home/hadoop": "/my node"}).text == expected


def test_a_nodes_commands_stand_for_those_of_the_system(tmp_path):
    places = of_node(Layout(tmp_path, "j-1"), "i-1")
    assert places["/usr/bin/python3"] == str(tmp_path / "j-1/bin/python3")
    assert places["/usr/lib/spark/bin/spark-submit"] == str(tmp_path / "j-1/bin/spark-submit")
