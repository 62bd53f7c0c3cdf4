# The loop as a container: unprivileged, no shell needed, nothing written but /tmp.
#   docker build -t reconcile .
#   docker run --read-only --tmpfs /tmp -v ./loop.yaml:/etc/reconcile/loop.yaml:ro reconcile
# Another base with Python 3.11 or newer: --build-arg BASE=...
ARG BASE=docker.io/library/python:3.12-slim@sha256:57cd7c3a7a273101a6485ba99423ee568157882804b1124b4dd04266317710de

FROM ${BASE} AS build
COPY requirements-runtime.lock /build/
RUN python3 -m venv /opt/reconcile \
    && /opt/reconcile/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile \
        --require-hashes -r /build/requirements-runtime.lock
COPY pyproject.toml README.md LICENSE /build/
COPY reconciler /build/reconciler
COPY specs /build/specs
COPY examples /build/examples
# Compiled once, whatever the times of the files: the root is read-only.
RUN /opt/reconcile/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps /build \
    && /opt/reconcile/bin/python -m pip uninstall --quiet --yes pip \
    && /opt/reconcile/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/reconcile/lib

FROM ${BASE}
COPY --from=build /opt/reconcile /opt/reconcile
ENV PATH=/opt/reconcile/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/reconcile/bin/reconcile"]
CMD ["loop", "/etc/reconcile/loop.yaml"]
