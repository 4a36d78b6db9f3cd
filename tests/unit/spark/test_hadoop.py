"""Hadoop's commands out of Spark's jars."""

from xml.etree import ElementTree

import pytest

from sandbox.spark import hadoop

ENVIRONMENT = {
    "SPARK_HOME": "/spark",
    "SPARK_CONF_DIR": "/conf",
    "SPARK_DIST_CLASSPATH": "/j/x.jar:/j/hadoop-aws-3.3.4.jar",
}
STREAMING = ["org.apache.hadoop.util.RunJar", "/j/hadoop-streaming-3.3.4.jar"]


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("hadoop fs -ls s3://b/", ["org.apache.hadoop.fs.FsShell", "-ls", "s3://b/"]),
        ("hdfs dfs -cat s3://b/x", ["org.apache.hadoop.fs.FsShell", "-cat", "s3://b/x"]),
        ("hadoop jar x.jar Main a", ["org.apache.hadoop.util.RunJar", "x.jar", "Main", "a"]),
        ("hadoop version", ["org.apache.hadoop.util.VersionInfo"]),
        ("hadoop org.a.B x", ["org.a.B", "x"]),
        ("hadoop-streaming -input a", [*STREAMING, "-input", "a"]),
        ("hadoop jar /usr/lib/hadoop/hadoop-streaming.jar -x", [*STREAMING, "-x"]),
        (
            "hadoop-streaming -files s3://b/m,c -input s3://b/i",
            [*STREAMING, "-files", "s3a://b/m,c", "-input", "s3://b/i"],
        ),
    ],
)
def test_a_command_is_hadoops_own_class(line, end):
    name, *arguments = line.split()
    made = hadoop.command(name, arguments, ENVIRONMENT)
    assert made[0] == "java"
    assert made[-len(end) :] == end
    assert made[made.index("-cp") + 1].startswith("/conf/hadoop:/conf:/spark/jars/*:/j/x.jar")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hdfs dfsadmin -report", "`hdfs dfsadmin` needs HDFS"),
        ("hadoop fs -ls hdfs:///user", "hdfs:///user is on HDFS"),
        ("hadoop distcp a b", "`hadoop distcp` cannot be had"),
        ("hadoop", "no command was given"),
        ("hadoop jar", "no jar was given"),
    ],
)
def test_what_needs_hdfs_or_is_not_there_is_refused_by_name(line, told):
    name, *arguments = line.split()
    with pytest.raises(hadoop.NotHere, match=told):
        hadoop.command(name, arguments, ENVIRONMENT)


def test_without_the_streaming_jar_it_is_told_how_to_get_it():
    with pytest.raises(hadoop.NotHere, match="sandbox jars fetch"):
        hadoop.command(
            "hadoop-streaming", ["-input", "a"], ENVIRONMENT | {"SPARK_DIST_CLASSPATH": "/j/x.jar"}
        )


def test_core_site_holds_what_spark_tells_hadoop():
    text = hadoop.site({"spark.hadoop.fs.s3a.endpoint": "http://h?a&b", "spark.ui.port": "1"})
    entries = {entry.findtext("name"): entry.findtext("value") for entry in ElementTree.fromstring(text)}
    assert entries == {
        "fs.s3a.endpoint": "http://h?a&b",
        "hadoop.tmp.dir": "${env.HOME}/hadoop",
        "mapreduce.jobtracker.staging.root.dir": "${env.HOME}/hadoop/staging",
    }
