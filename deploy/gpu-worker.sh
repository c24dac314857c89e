#!/bin/sh
# The worker of the queue `runs`. Docker kills what is left in a container when this ends, runs too: so they are asked to
# write a checkpoint first, and the next start takes them up again.
set -u
celery -A labelapp worker --queues runs --concurrency 2 --loglevel INFO &
worker=$!
trap 'kill -TERM "$worker"' TERM INT
status=0
# A trapped signal ends a wait before the worker has ended.
while kill -0 "$worker" 2>/dev/null; do
	wait "$worker"
	status=$?
done
python manage.py stop_runs
exit "$status"
