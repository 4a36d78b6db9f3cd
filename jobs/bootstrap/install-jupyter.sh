#!/bin/bash
# EMR bootstrap action: JupyterLab on the master node, with a PySpark kernel bound to the cluster.
#
# Arguments: [--port 8888] [package ...]; packages are installed beside JupyterLab for the kernel.
# Runs on Amazon EMR 6 and 7 and on EMR Sandbox unchanged. pip's own configuration decides where packages come
# from: PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT and the rest, or its files.
# JupyterLab listens on the node's loopback: reach it through a tunnel, as all pages of EMR's master node.
# Its address with the token is in ~/jupyter/address.
set -euo pipefail

port=8888
if [ "${1:-}" = --port ]; then
    port=$2
    shift 2
fi

if [ -f /mnt/var/lib/info/instance.json ]; then
    grep -q '"isMaster": *true' /mnt/var/lib/info/instance.json || exit 0
elif [ "${SANDBOX_NODE_ROLE:-MASTER}" != MASTER ]; then
    exit 0
fi

home="$HOME/jupyter"
python3 -m venv "$home"
# numpy 1 and pandas 2 are what Spark 3.5 was made with.
"$home/bin/python" -m pip install --quiet --disable-pip-version-check \
    jupyterlab ipykernel 'numpy<2' 'pandas<3' matplotlib "$@"

# Spark's log would drown what a cell prints.
submit="--conf spark.log.level=WARN"
# A standalone cluster, as the sandbox's, leaves all cores to an application until it ends; YARN shares them.
if [ -n "${SANDBOX_CLUSTER:-}" ]; then
    submit="$submit --conf spark.dynamicAllocation.enabled=true"
    submit="$submit --conf spark.dynamicAllocation.shuffleTracking.enabled=true"
    submit="$submit --conf spark.dynamicAllocation.executorIdleTimeout=10s"
fi

# Spark comes after the bootstrap actions, so its files are looked for when a kernel starts.
cat > "$home/bin/pyspark-kernel" <<KERNEL
#!/bin/bash
export SPARK_HOME="\${SPARK_HOME:-${SPARK_HOME:-/usr/lib/spark}}"
export SPARK_CONF_DIR="\${SPARK_CONF_DIR:-${SPARK_CONF_DIR:-/etc/spark/conf}}"
export PYTHONPATH="\$SPARK_HOME/python/lib/pyspark.zip:\$(echo "\$SPARK_HOME"/python/lib/py4j-*-src.zip)"
export PYSPARK_DRIVER_PYTHON="$home/bin/python"
export PYSPARK_SUBMIT_ARGS='$submit pyspark-shell'
# Gives the kernel its \`spark\` and \`sc\`.
export PYTHONSTARTUP="\$SPARK_HOME/python/pyspark/shell.py"
exec "$home/bin/python" -m ipykernel_launcher -f "\$1"
KERNEL
chmod +x "$home/bin/pyspark-kernel"
mkdir -p "$home/share/jupyter/kernels/pyspark"
cat > "$home/share/jupyter/kernels/pyspark/kernel.json" <<SPEC
{"argv": ["$home/bin/pyspark-kernel", "{connection_file}"], "display_name": "PySpark", "language": "python"}
SPEC

mkdir -p "$HOME/notebooks"
options=(--no-browser --ServerApp.ip=127.0.0.1 "--ServerApp.port=$port" "--ServerApp.root_dir=$HOME/notebooks")
if [ "$(id -u)" = 0 ]; then
    options+=(--allow-root)
fi
nohup "$home/bin/jupyter-lab" "${options[@]}" > "$home/jupyter.log" 2>&1 < /dev/null &
server=$!

for _ in $(seq 120); do
    if grep -o 'http://127\.0\.0\.1:[0-9]*/[^ ]*' "$home/jupyter.log" | tail -n 1 > "$home/address"; then
        [ -s "$home/address" ] && exit 0
    fi
    if ! kill -0 "$server" 2> /dev/null; then
        cat "$home/jupyter.log" >&2
        exit 1
    fi
    sleep 0.5
done
echo "JupyterLab did not tell its address within a minute" >&2
exit 1
