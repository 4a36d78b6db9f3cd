"""What configuration classifications come to, as tables."""

import pytest

from sandbox.emr import configurations
from sandbox.spark.configuration import write_conf


def entry(classification, nested=(), **properties):
    found = {"Classification": classification, "Properties": properties}
    return {**found, "Configurations": list(nested)} if nested else found


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], {}),
        ([entry("spark-defaults", a="1"), entry("spark-defaults", a="2")], {"a": "2"}),
        (
            [entry("spark", maximizeResourceAllocation="true")],
            {"spark.executor.memory": "2048m", "spark.executor.cores": "4"},
        ),
        ([entry("spark", maximizeResourceAllocation="false")], {}),
        (
            [
                entry("spark", maximizeResourceAllocation="true"),
                entry("spark-defaults", **{"spark.executor.cores": "1"}),
            ],
            {"spark.executor.memory": "2048m", "spark.executor.cores": "1"},
        ),
        (
            [entry("core-site", **{"io.file.buffer.size": "8192"})],
            {"spark.hadoop.io.file.buffer.size": "8192"},
        ),
        (
            [entry("emrfs-site", **{"fs.s3.enableServerSideEncryption": "true"})],
            {"spark.hadoop.fs.s3a.encryption.algorithm": "AES256"},
        ),
        ([entry("yarn-site", a="b"), entry("hive-site", c="d")], {}),
    ],
)
def test_classifications_become_properties_of_spark(entries, expected):
    assert configurations.spark_properties(entries, 4, 2048) == expected


def test_spark_env_exports_variables_and_the_systems_python_is_the_nodes():
    entries = [
        entry("spark-env", [entry("export", A="one", PYSPARK_PYTHON="/usr/bin/python3")]),
        entry("spark-env", [entry("export", A="two")]),
    ]
    assert configurations.exports(entries) == {"A": "two", "PYSPARK_PYTHON": "python3"}


def test_the_configuration_folder_holds_what_was_asked_for(tmp_path):
    write_conf(tmp_path, {"a": "b"}, {"rootLogger.level": "warn"}, {"GREETING": 'say "hi" `x` $HOME'})
    assert (tmp_path / "spark-env.sh").read_text() == 'export GREETING="say \\"hi\\" \\`x\\` $HOME"\n'
    lines = (tmp_path / "log4j2.properties").read_text().splitlines()
    levels = [line.rpartition("=")[2].strip() for line in lines if line.startswith("rootLogger.level")]
    assert levels == ["info", "warn"]
