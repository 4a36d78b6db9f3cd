# LocalStack's open edition from its Python package, for a machine that reaches no registry of images.
# Whoever reaches one runs the public image of the same version.
ARG BASE_IMAGE=python:3.13-slim-trixie
FROM ${BASE_IMAGE}
ARG LOCALSTACK_VERSION=4.14.0
# Its requirements are ranges, and what came out later does not fit: the day of the release is the lock.
ARG RESOLVED_AT=2026-03-20
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --quiet --no-cache-dir uv==0.13.9 \
 && /opt/venv/bin/uv pip install --quiet --no-cache --python /opt/venv/bin/python \
    --exclude-newer ${RESOLVED_AT} "localstack-core[runtime]==${LOCALSTACK_VERSION}"
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 \
    GATEWAY_LISTEN=0.0.0.0:4566 LOCALSTACK_VOLUME_DIR=/var/lib/localstack
VOLUME /var/lib/localstack
CMD ["python3", "-m", "localstack.runtime.main"]
