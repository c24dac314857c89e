"""PostgreSQL and Redis that go away while a run computes."""

import psycopg
import pytest
from django.db import connection

from labelapp.accounts.models import User
from labelapp.common.events import client
from labelapp.runs import launching
from labelapp.runs.models import RunState
from tests.runs.world import make_sft, reached_step, run_in_state, supervisor_log, wait_for

pytestmark = pytest.mark.usefixtures("supervised")


def test_a_run_outlives_an_outage_of_the_database(admin: User) -> None:
    run = make_sft(admin, hold_at=7)
    launching.launch(run.pk)
    reached_step(run, 6)
    name = connection.settings_dict["NAME"]
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    connection.close()
    kinds = ("cursor_factory", "context", "prepare_threshold")
    plain = {key: value for key, value in parameters.items() if key not in kinds}
    with psycopg.connect(**plain, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            (run.path / "go").touch()  # the trainer needs no database: it ends while there is none
            wait_for(lambda: "database is away" in supervisor_log(run) and "lease not renewed" in supervisor_log(run))
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.attempt, run.failures) == (RunState.SUCCEEDED, 1, 0), run.error_message


def test_a_run_outlives_the_loss_of_its_connections_to_redis(admin: User) -> None:
    run = make_sft(admin, hold_at=7)
    launching.launch(run.pk)
    reached_step(run, 6)
    client().client_kill_filter(_type="normal", skipme=True)
    (run.path / "go").touch()
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.attempt) == (RunState.SUCCEEDED, 1)
