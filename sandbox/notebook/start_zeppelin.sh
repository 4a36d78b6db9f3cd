#!/bin/sh
# Gives Zeppelin a folder of configuration of its own, then becomes Zeppelin's stock script.
# What a server has written into the distribution's folder is not copied.
set -eu
for file in "$ZEPPELIN_HOME"/conf/*; do
    name=${file##*/}
    case $name in
        interpreter.json | notebook-authorization.json | credentials.json) continue ;;
    esac
    if [ -f "$file" ] && [ ! -e "$ZEPPELIN_CONF_DIR/$name" ]; then
        cp "$file" "$ZEPPELIN_CONF_DIR/$name"
    fi
done
exec "$ZEPPELIN_HOME/bin/zeppelin.sh"
