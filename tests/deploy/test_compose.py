"""docker-compose.yml without a Docker engine: every file, command, option and variable in it exists."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.beat import beat
from celery.bin.celery import celery
from celery.bin.worker import worker
from django.core.management import get_commands, load_command_class

from labelapp.celery import app as celery_app
from labelapp.common.health import QUEUES
from tests.conftest import ROOT

BUCKET = ROOT / "deploy" / "docker-compose.bucket.yml"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# Services that run our own images; the others run what their publishers made.
OURS = [name for name, service in SERVICES.items() if "build" in service]
STAGES = ("web", "gpu")


def dockerfile_stages() -> dict[str, list[str]]:
    """Return the instructions of each stage of the Dockerfile, lines joined."""
    stages: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        if match := re.match(r"FROM \S+ AS (\w+)", line):
            current = stages.setdefault(match[1], [])
        elif re.match(r"[A-Z]+ ", line):
            current.append(line)
    return stages


def variables_of(text: str) -> set[str]:
    """Return the names that compose takes from .env; a doubled dollar is the container's own."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", text))


def test_the_parts_of_the_product_are_there() -> None:
    assert set(SERVICES) == {
        *("proxy", "migrate", "web", "events", "worker", "gpu-worker", "beat", "postgres", "redis"),
    }


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_settings_read(name: str) -> None:
    source = (ROOT / "labelapp" / "settings.py").read_text()
    read = set(re.findall(r"""(?:environ\.get\(|environ\[|env_\w+\()["'](\w+)["']""", source))
    assert set(SERVICES[name]["environment"]) <= read


def test_a_bucket_is_told_to_every_service_of_ours() -> None:
    added = yaml.safe_load(BUCKET.read_text())["services"]
    documented = (ROOT / "docs" / "production.md").read_text()
    assert sorted(added) == sorted(OURS)
    for service in added.values():
        assert list(service) == ["environment"]
        assert all(f"`{name}`" in documented for name in service["environment"])
        # Null hands a variable on only where it is set; an empty AWS_CA_BUNDLE would trust any certificate.
        given = {name: value for name, value in service["environment"].items() if value is not None}
        assert list(given) == ["STORAGE_URL"]
        assert given["STORAGE_URL"].startswith("${STORAGE_URL:?")


@pytest.mark.parametrize("file", [ROOT / "docker-compose.yml", BUCKET], ids=str)
def test_no_secret_has_a_default(file: Path) -> None:
    text = file.read_text()
    assert re.findall(r"(?<!\$)\$\{\w+(?!:\?|\w)[^}]*\}", text) == []
    assert re.findall(r"(?<!\$)\$(?![{$])\w+", text) == []


def test_the_example_of_env_names_every_variable_and_fills_none() -> None:
    lines = [line for line in (ROOT / "deploy" / "env.example").read_text().splitlines() if not line.startswith("#")]
    names = {line.removesuffix("=") for line in lines if line}
    assert names == variables_of((ROOT / "docker-compose.yml").read_text())
    assert all(line.endswith("=") for line in lines if line)


@pytest.mark.parametrize("name", OURS)
def test_every_build_target_is_a_stage(name: str) -> None:
    assert SERVICES[name]["build"]["target"] in STAGES
    assert set(STAGES) <= set(dockerfile_stages())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_volume_is_declared_or_a_file_of_ours(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_dependency_is_a_service_that_can_meet_its_condition(name: str) -> None:
    for other, rule in SERVICES[name].get("depends_on", {}).items():
        if rule["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert rule["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists_with_its_options(name: str) -> None:
    command = SERVICES[name]["command"]
    if command == ["gpu-worker"]:
        copied = next(line for line in dockerfile_stages()["gpu"] if "gpu-worker" in line)
        command = gpu_worker_command((ROOT / copied.split()[-2]).read_text())
    check_command(command)


def gpu_worker_command(script: str) -> list[str]:
    """Return the worker's command of the shell script, after checking its last one."""
    last = next(line for line in script.splitlines() if line.startswith("python manage.py"))
    check_command(shlex.split(last))
    return shlex.split(next(line for line in script.splitlines() if line.startswith("celery")).removesuffix("&"))


def check_command(command: list[str]) -> None:
    """Have the program itself read its arguments."""
    match command:
        case ["gunicorn", *arguments]:
            subprocess.run([sys.executable, "-m", "gunicorn", "--check-config", *arguments], cwd=ROOT, check=True)
        case ["celery", "-A", "labelapp", "worker", *arguments]:
            assert set(read_celery(worker, arguments)["queues"]) <= set(QUEUES)
        case ["celery", "-A", "labelapp", "beat", *arguments]:
            read_celery(beat, arguments)
        case ["python", "manage.py", subcommand, *arguments]:
            parser = load_command_class(get_commands()[subcommand], subcommand).create_parser("manage.py", subcommand)
            parser.parse_args(arguments)
        case _:
            pytest.fail(f"no such program in the images: {command}")


def read_celery(command: click.Command, arguments: list[str]) -> dict[str, Any]:
    """Return the options that a Celery command reads from its arguments; its own defaults come from our application."""
    given = CLIContext(app=celery_app, no_color=True, workdir=None, quiet=True)
    context = command.make_context(command.name, list(arguments), parent=click.Context(celery, obj=given))
    return context.params


def test_every_queue_has_a_worker() -> None:
    script = (ROOT / "deploy" / "gpu-worker.sh").read_text()
    commands = [SERVICES["worker"]["command"], gpu_worker_command(script)]
    assert {command[command.index("--queues") + 1] for command in commands} == set(QUEUES)


def test_the_images_copy_what_exists_and_the_context_lets_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_through = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    for stage, instructions in dockerfile_stages().items():
        for line in instructions:
            words = [word for word in line.split() if not word.startswith("--")]
            if words[0] != "COPY" or "--from=" in line:
                continue
            for source in words[1:-1]:
                assert (ROOT / source).exists(), (stage, source)
                assert any(Path(source).match(p) or p == source.split("/")[0] for p in let_through), (stage, source)


def test_the_web_image_has_no_torch() -> None:
    assert not any("torch" in line or "models.lock" in line for line in dockerfile_stages()["web"])
    makefile = (ROOT / "Makefile").read_text()
    version = re.search(r"torch==[\d.]+", makefile)
    assert version
    assert any(version[0] in line for line in dockerfile_stages()["gpu"])


def test_the_proxy_sends_to_services_that_listen_there() -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text()
    for host, port in re.findall(r"reverse_proxy (\S+):(\d+)", caddyfile):
        assert f"--bind=0.0.0.0:{port}" in SERVICES[host]["command"]
    assert variables_of(caddyfile.replace("{$", "${")) <= set(SERVICES["proxy"]["environment"])


def test_the_proxy_sends_live_events_to_their_own_service() -> None:
    from django.urls import resolve

    from labelapp.runs.live_api import EventsView

    path = re.search(r"@events path (\S+)", (ROOT / "deploy" / "Caddyfile").read_text())
    assert path
    view: Any = resolve(path[1]).func
    assert view.view_class is EventsView


def test_a_pool_never_asks_for_more_connections_than_postgres_gives() -> None:
    def option(command: list[str], name: str) -> int:
        return next(int(word.split("=")[1]) for word in command if word.startswith(f"--{name}="))

    web = sum(
        option(SERVICES[name]["command"], "workers") * int(SERVICES[name]["environment"]["DATABASE_POOL_SIZE"])
        for name in ("web", "events")
    )
    most = next(int(word.split("=")[1]) for word in SERVICES["postgres"]["command"] if "max_connections" in word)
    assert web < most / 2


def test_the_documentation_lists_every_variable() -> None:
    source = (ROOT / "labelapp" / "settings.py").read_text()
    read = set(re.findall(r"""(?:environ\.get\(|env_\w+\()["'](\w+)["']""", source))
    text = (ROOT / "docs" / "production.md").read_text()
    assert {name for name in read if f"`{name}`" not in text} == set()


def test_what_can_be_downloaded_in_parts_is_not_compressed() -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text()
    match = re.search(r"@whole not path_regexp (\S+)\n\s+encode @whole ", caddyfile)
    assert match
    schema = json.loads((ROOT / "frontend" / "openapi.json").read_text())
    downloads = [
        route
        for route, path in schema["paths"].items()
        if any(parameter["name"] == "If-Range" for parameter in path.get("get", {}).get("parameters", []))
    ]
    assert len(downloads) == 3
    for route in downloads:
        assert re.fullmatch(match[1], re.sub(r"\{\w+_id\}", "7", route).replace("{name}", "model/config.json"))
    assert not re.fullmatch(match[1], "/api/v1/dataset-versions/7/rows")
