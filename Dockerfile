# Two stages: what is built, and what runs. `make image-check` executes this file without a container engine, so it
# keeps to plain instructions (docs/decisions/0003-image-checked-without-an-engine.md).

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python3 -m venv /srv/isomod && python3 -m venv /build/tools
COPY requirements.lock requirements-build.lock ./
RUN /srv/isomod/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock
RUN /build/tools/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY permissions ./permissions
COPY isomod_graphql ./isomod_graphql
COPY schema ./schema
COPY migrations ./migrations
RUN /build/tools/bin/python -m isomod_graphql.web.console_build
RUN /build/tools/bin/hatchling build -t wheel
RUN /srv/isomod/bin/pip install --no-cache-dir --no-deps --no-index dist/isomod-0.1.0-py3-none-any.whl
RUN /srv/isomod/bin/python -m compileall -q /srv/isomod/lib

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 isomod && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin isomod
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/isomod
COPY --from=build /srv/isomod /srv/isomod
ENV PATH=/srv/isomod/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENV ISOMOD_ENVIRONMENT=production ISOMOD_DATA_DIR=/var/lib/isomod
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["/srv/isomod/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["isomod", "serve", "--host", "0.0.0.0", "--port", "8000"]
