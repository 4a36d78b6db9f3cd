"""What every Spark process of the sandbox is told: properties, environment and the configuration folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sandbox.runtime.address import Address
from sandbox.settings import LOOPBACK
from sandbox.spark import hadoop
from sandbox.spark.java import Java

_CREDENTIALS = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
S3_SCHEMES = ("s3", "s3a", "s3n")
QUICK = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Options of a JVM that shall start fast rather than compute fast."""
FEW_CORES = 2
_INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER")
"""What a job may see of the user's environment; the rest is the sandbox's, as on a cluster."""


@dataclass(frozen=True)
class Installation:
    """The Spark on this machine: pyspark's folder, its Python, a Java, and the jars that pyspark lacks."""

    home: Path
    version: str
    python: Path
    java: Java
    jars: tuple[Path, ...]
    cores: int
    class_archive: Path | None = None
    """A class archive that was made for `class_path`; None where there is none."""

    @property
    def class_path(self) -> str:
        """The fetched jars, then Spark's own."""
        return ":".join([*map(str, self.jars), f"{self.home}/jars/*"])


@dataclass(frozen=True)
class Services:
    """Where the sandbox's services listen, and the credentials that they take (any)."""

    endpoint: Address
    s3: Address
    metastore: Address
    region: str
    host: str
    access_key: str = "sandbox"
    secret_key: str = "sandbox"


def s3_properties(services: Services) -> dict[str, str]:
    """S3A for every scheme that EMR's scripts use, on the object store's own address.

    `directory.marker.retention=keep` saves more than half of the requests of a write. A rename is one row in
    the object store, so the file committer serves; its version 2 renames each file once instead of twice. As
    with EMR's own committer, files appear when their task commits
    (https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-committer-multipart.html).
    """
    properties = {
        f"spark.hadoop.fs.{scheme}.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem" for scheme in S3_SCHEMES
    }
    return {
        **properties,
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
        "spark.hadoop.fs.s3a.endpoint": services.s3.inside,
        "spark.hadoop.fs.s3a.endpoint.region": services.region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.access.key": services.access_key,
        "spark.hadoop.fs.s3a.secret.key": services.secret_key,
        "spark.hadoop.fs.s3a.aws.credentials.provider": _CREDENTIALS,
        "spark.hadoop.fs.s3a.directory.marker.retention": "keep",
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.fs.s3a.attempts.maximum": "3",
    }


def catalog_properties(services: Services, warehouse: str) -> dict[str, str]:
    """The live Data Catalog as Spark's metastore."""
    return {
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.hive.metastore.uris": services.metastore.inside,
        "spark.sql.warehouse.dir": warehouse,
        # Spark would write statistics back with every insert; Glue's tables have none of their own.
        "spark.sql.statistics.size.autoUpdate.enabled": "false",
    }


def base_properties(installation: Installation, services: Services, event_log: Path) -> dict[str, str]:
    """What holds for every application: classpath, loopback, event log."""
    return {
        **jvm_properties(installation),
        **driver_properties(services.host),
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": event_log.as_uri(),
        "spark.port.maxRetries": "64",
        **s3_properties(services),
    }


def driver_properties(host: str) -> dict[str, str]:
    """A driver on the machine `host` is reached under that name, and under no other."""
    return {"spark.driver.host": host, "spark.driver.bindAddress": host}


def archive_options(installation: Installation) -> tuple[str, ...]:
    """Java's options to map the class archive; none where there is none.

    Without the archive, or with another classpath, Java goes on and would only warn on standard output.
    """
    if installation.class_archive is None:
        return ()
    return (f"-XX:SharedArchiveFile={installation.class_archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def jvm_properties(installation: Installation) -> dict[str, str]:
    """How JVMs start: from the class archive where there is one, drivers with the fast compiler alone.

    A driver lives for seconds and mostly waits, so compiling it thoroughly costs more than it brings; on few
    cores that holds for executors too, since the compiler takes the cores that tasks need. A script's own
    `spark.driver.extraJavaOptions` come later and win.
    """
    shared = archive_options(installation)
    executor = (*shared, QUICK) if installation.cores <= FEW_CORES else shared
    properties = {
        "spark.driver.defaultJavaOptions": " ".join((*shared, QUICK)),
        "spark.executor.defaultJavaOptions": " ".join(executor),
    }
    if installation.class_archive:
        # The classpath must begin with the one that the archive was made for.
        for part in ("driver", "executor"):
            properties[f"spark.{part}.extraClassPath"] = installation.class_path
    return properties


def local_environment(installation: Installation, outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Spark of its own, without any service of the sandbox.

    `outer` is the user's environment; only its harmless part is passed on, so that a job sees the same
    on every machine.
    """
    path = (installation.python.parent, installation.home / "bin", installation.java.home / "bin")
    return {
        **{name: outer[name] for name in _INHERITED if name in outer},
        "PATH": ":".join([*map(str, path), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]),
        "PYTHONUNBUFFERED": "1",
        "JAVA_HOME": str(installation.java.home),
        "SPARK_HOME": str(installation.home),
        # Comes last on every classpath, so that a script's own --driver-class-path does not lose S3.
        "SPARK_DIST_CLASSPATH": ":".join(map(str, installation.jars)),
        "SPARK_LAUNCHER_OPTS": QUICK,
        "SPARK_LOCAL_IP": LOOPBACK,
        "PYSPARK_PYTHON": str(installation.python),
        "PYSPARK_DRIVER_PYTHON": str(installation.python),
    }


def client_variables(services: Services, endpoint: str) -> dict[str, str]:
    """The variables with which any AWS client finds the services; `endpoint` as the client's side sees it."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": services.access_key,
        "AWS_SECRET_ACCESS_KEY": services.secret_key,
        "AWS_DEFAULT_REGION": services.region,
        "AWS_REGION": services.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def environment(
    installation: Installation,
    services: Services,
    conf: Path,
    outer: Mapping[str, str],
    python_path: Iterable[Path] = (),
) -> dict[str, str]:
    """The environment of a command: AWS clients find the sandbox, Spark finds itself."""
    return {
        **local_environment(installation, outer),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        "PYTHONPATH": ":".join(map(str, python_path)),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": services.host,
        **client_variables(services, services.endpoint.inside),
    }


def write_conf(
    folder: Path,
    properties: Mapping[str, str],
    log4j2: Mapping[str, str] = MappingProxyType({}),
    exports: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write `spark-defaults.conf`, `log4j2.properties`, `spark-env.sh` and Hadoop's `core-site.xml`.

    `log4j2` is added to the sandbox's own properties and wins; `exports` are environment variables. Each file
    is replaced whole, since somebody may be reading it. Returns the folder.
    """
    lines = [f"{name} {_escaped(value)}" for name, value in sorted(properties.items())]
    more = [f"{name} = {_escaped(value)}\n" for name, value in log4j2.items()]
    variables = [f'export {name}="{_quoted(value)}"\n' for name, value in exports.items()]
    files = {
        "spark-defaults.conf": "\n".join(lines) + "\n",
        "log4j2.properties": _LOG4J2 + "".join(more),
        "spark-env.sh": "".join(variables),
        f"{hadoop.SITE}/core-site.xml": hadoop.site(properties),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text)
        draft.replace(path)
    return folder


def _quoted(value: str) -> str:
    """`value` between a shell's double quotes; variables in it are expanded, as EMR's file has it."""
    return re.sub(r'["\\`]', r"\\\g<0>", value)


def _escaped(value: str) -> str:
    """`value` as a Java properties file needs it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n")


_LOG4J2 = """rootLogger.level = info
rootLogger.appenderRef.console.ref = console
rootLogger.appenderRef.syslog.ref = syslog
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
appender.syslog.type = File
appender.syslog.name = syslog
appender.syslog.fileName = ${env:SANDBOX_SYSLOG:-/dev/null}
appender.syslog.layout.type = PatternLayout
appender.syslog.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %p %c (%t): %m%n%ex
# Spark takes an application that Python starts for a shell, and would quiet it to warnings.
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = info
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.metrics.name = org.apache.hadoop.metrics2
logger.metrics.level = error
"""
