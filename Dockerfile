# The image of `python -m server COMMAND`; docs/image.md says how to build and run it.
# Debian with Python 3.11 and pip, by its digest: python:3.11-slim-bookworm@sha256:...
ARG BASE

# What the server needs to run, as requirements.lock pins it.
FROM ${BASE} AS dependencies
WORKDIR /build
COPY requirements.lock ./
# The byte code is trusted as it is: the files of an image never change, while copying them may change their times.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --require-hashes -r requirements.lock \
 && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv

# What the build hook makes from the contract, and our own code as byte code.
FROM ${BASE} AS code
WORKDIR /app
COPY pyproject.toml requirements-dev.lock ./
# pyproject.toml names the tools, requirements-dev.lock has their hashes; only a newer pip takes both together.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/build \
 && sed -n '/^pip==/,/# via/p' requirements-dev.lock > pip.txt \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r pip.txt \
 && python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
    > tools.txt \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r tools.txt -c requirements-dev.lock
COPY protos protos
COPY clients clients
COPY envoy envoy
RUN --mount=type=secret,id=pip,target=/etc/pip.conf /opt/build/bin/python protos/hatch_build.py
COPY db db
COPY server server
# Readable by the image's user, however strict the umask of the checkout was.
RUN python -m compileall -q --invalidation-mode unchecked-hash clients db server \
 && chmod -R u=rwX,go=rX clients db envoy server

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="yoyaku" \
      org.opencontainers.image.description="gRPC server of yoyaku, the appointment backend of a hospital group" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The user may write to two directories, which the containers of a task share: what `envoy-config` renders, and sockets.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /app --shell /usr/sbin/nologin yoyaku \
 && mkdir /run/edge /run/yoyaku && chown 10001:10001 /run/edge /run/yoyaku
VOLUME ["/run/edge", "/run/yoyaku"]
WORKDIR /app
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=code /app/envoy envoy
COPY --from=code /app/clients clients
COPY --from=code /app/db db
COPY --from=code /app/server server
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app:/app/clients \
    YOYAKU_LISTEN=0.0.0.0:50051
USER 10001:10001
EXPOSE 50051
STOPSIGNAL SIGTERM
# Of a worker; other commands end when they fail, so what runs them switches it off.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "server", "healthy"]
ENTRYPOINT ["python", "-m", "server"]
CMD ["serve"]
