# syntax=docker/dockerfile:1
# Two images: `web` serves, works and keeps time; `gpu` adds torch and the training code (docker-compose.yml builds both).

FROM node:22-slim AS frontend
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.11-slim AS web
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 DATA_DIR=/data
RUN useradd --uid 10001 --create-home labelapp && install -d -o labelapp -g labelapp -m 0750 /data
WORKDIR /app
COPY requirements/web.lock requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/web.lock
COPY manage.py ./
COPY formats formats
COPY labelapp labelapp
COPY --from=frontend /frontend/dist frontend/dist
USER labelapp
VOLUME /data
EXPOSE 8000
# Processes, threads and queues are the compose file's to choose; this is a web server that works alone.
CMD ["gunicorn", "labelapp.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "8"]

FROM web AS gpu
USER root
COPY requirements/models.lock requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/models.lock
# Plain PyPI has torch with CUDA for Linux; name another index for a build of another kind.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch==2.13.0
COPY inference inference
COPY training training
COPY --chmod=0755 deploy/gpu-worker.sh /usr/local/bin/gpu-worker
USER labelapp
CMD ["gpu-worker"]
