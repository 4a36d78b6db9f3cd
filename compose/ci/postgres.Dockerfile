# PostgreSQL from Debian's package, for a machine that reaches no registry of images. It takes the variables of
# the public image that docker-compose.yml uses.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:$PATH
COPY --chmod=755 postgres-entrypoint.sh /usr/local/bin/
RUN mkdir -p "$PGDATA" /run/postgresql && chown -R postgres: "$PGDATA" /run/postgresql
USER postgres
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
CMD ["postgres-entrypoint.sh"]
