"""Where a cluster's things lie on this machine and under its LogUri."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders of one cluster below `root`, the sandbox's folder of clusters."""

    root: Path
    cluster: str

    @property
    def home(self) -> Path:
        """The cluster's own folder."""
        return self.root / self.cluster

    @property
    def logs(self) -> Path:
        """What is shipped to `LogUri/<cluster>/`, with the same names below."""
        return self.home / "logs"

    def conf(self, group: str) -> Path:
        """`SPARK_CONF_DIR` of everything that runs on the nodes of an instance group or fleet."""
        return self.home / "conf" / group

    @property
    def bin(self) -> Path:
        """The commands that a node has on its PATH."""
        return self.home / "bin"

    def node(self, ec2_id: str) -> Path:
        """A node's home folder."""
        return self.home / "nodes" / ec2_id

    def node_python(self, ec2_id: str) -> Path:
        """A node's own Python environment."""
        return self.node(ec2_id) / "python"

    def busy_file(self, ec2_id: str) -> Path:
        """What stands for `/emr/metricscollector/isbusy` on a node: to touch it is to be at work."""
        return self.node(ec2_id) / "metricscollector" / "isbusy"

    def node_info(self, ec2_id: str) -> Path:
        """What stands for `/mnt/var/lib/info` on a node."""
        return self.node(ec2_id) / "info"

    def node_logs(self, ec2_id: str) -> Path:
        """A node's log folder."""
        return self.logs / "node" / ec2_id

    def step_logs(self, step: str) -> Path:
        """A step's log folder: controller, stdout, stderr, syslog."""
        return self.logs / "steps" / step

    def step_work(self, step: str) -> Path:
        """The folder in which a step runs."""
        return self.home / "steps" / step
