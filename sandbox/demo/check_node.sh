#!/bin/bash
# Bootstrap action: check, before any step runs, that this node has what the course's steps import.
# Runs on every node; a node that lacks something ends the cluster here and not in the middle of a step.
set -euo pipefail
python="${PYSPARK_PYTHON:-python3}"
"$python" - > "$HOME/node-check.txt" <<'CHECK'
import platform
import shutil

import numpy

free = shutil.disk_usage(".").free
print(f"python {platform.python_version()}")
print(f"numpy {numpy.__version__}, 2 + 2 = {numpy.add(2, 2)}")
print(f"free disk {free // 2**20} MiB")
if free < 512 * 2**20:
    raise SystemExit("less than 512 MiB of disk are free")
CHECK
cat "$HOME/node-check.txt"
