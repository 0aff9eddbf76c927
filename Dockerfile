# The worker and the gateway: one image, two commands (see docker-compose.yml).

FROM python:3.11.14-slim-bookworm AS dependencies
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/tierline \
    && /opt/tierline/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/runtime.txt

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 tierline \
    && useradd --uid 10001 --gid tierline --no-create-home --home-dir /srv/tierline --shell /usr/sbin/nologin tierline \
    && install --directory --owner=tierline --group=tierline /var/lib/tierline/quarantine
COPY --from=dependencies /opt/tierline /opt/tierline
WORKDIR /srv/tierline
COPY activities activities
COPY cli cli
COPY config config
COPY domain domain
COPY gateway gateway
COPY integrations integrations
COPY simulation simulation
COPY telemetry telemetry
COPY workflows workflows
COPY worker.py worker.py
RUN printf '#!/bin/sh\ncd /srv/tierline && exec python -m cli "$@"\n' > /usr/local/bin/tierline && chmod 755 /usr/local/bin/tierline
ENV PATH=/opt/tierline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
CMD ["python", "worker.py"]
