"""Logs that are followed while their writer rotates them, and sources that lie on the server's own disk."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from labelapp.prompts.importing.actions import read_grown_logs
from labelapp.prompts.importing.rotation import _changed_at, _is, has_news
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import Prompt, PromptImport, Response, SampleBatch
from tests.prompts.conftest import confirm, previewed

pytestmark = pytest.mark.django_db

OPTIONS = {"source": "incoming", "is_chat_log": True, "consent_note": "Staff alone."}


@pytest.fixture
def log(tmp_path: Path, settings: Any) -> Path:
    settings.IMPORT_DIR = tmp_path
    return tmp_path / "chat.jsonl"


def add(log: Path, *texts: str) -> None:
    with log.open("a") as file:
        for text in texts:
            turns = [{"role": "user", "content": text}, {"role": "assistant", "content": f"Said {text}"}]
            file.write(json.dumps({"model": "davinci", "messages": turns}) + "\n")


def follow(client: APIClient, log: Path, **more: Any) -> dict[str, Any]:
    body = {**OPTIONS, "name": log.name, "follows": True, **more}
    preview = previewed(client, client.post("/api/v1/prompt-imports/sources", body, format="json")).json()
    found: dict[str, Any] = confirm(client, preview).json()
    return found


def look_again(import_id: int) -> PromptImport:
    """Let the sweeper notice what changed, and a worker import it."""
    read_grown_logs()
    work_on(import_id)
    return PromptImport.objects.get(pk=import_id)


def texts() -> list[str]:
    return list(Prompt.objects.order_by("pk").values_list("text", flat=True))


def rename(log: Path) -> None:
    log.rename(log.with_name("chat.jsonl.1"))


def rename_by_date(log: Path) -> None:
    log.rename(log.with_name("chat-2026-11-22.jsonl"))


def copy_and_truncate(log: Path) -> None:
    shutil.copy(log, log.with_name("chat.jsonl.1"))
    os.truncate(log, 0)


@pytest.mark.parametrize("rotate", [rename, rename_by_date, copy_and_truncate])
def test_no_line_is_lost_where_a_log_is_rotated(researcher: APIClient, log: Path, rotate: Any) -> None:
    add(log, "one", "two")
    done = follow(researcher, log)
    add(log, "three")
    rotate(log)
    add(log, "four", "five", "six", "seven")
    grown = look_again(done["id"])
    assert texts() == ["one", "two", "three", "four", "five", "six", "seven"]
    assert (grown.line_count, grown.bad_count, grown.state) == (7, 0, "imported")
    add(log, "eight")
    grown = look_again(done["id"])
    assert (grown.response_count, texts()[-1]) == (8, "eight")
    assert look_again(done["id"]).attempt == grown.attempt, "nothing new: nobody looked"


def test_what_was_rotated_more_than_once_meanwhile_is_read_in_its_order(researcher: APIClient, log: Path) -> None:
    add(log, "one")
    done = follow(researcher, log)
    for number, text in enumerate(("two", "three")):
        add(log, text)
        for old in sorted(log.parent.glob("chat.jsonl.*"), reverse=True):
            old.rename(log.with_name(f"chat.jsonl.{int(old.suffix[1:]) + 1}"))
        os.utime(log, ns=(number, number))  # each was written to later than the one before
        rename(log)
    add(log, "four")
    look_again(done["id"])
    assert texts() == ["one", "two", "three", "four"]


def test_a_log_whose_past_is_gone_says_that_lines_may_be_missing(researcher: APIClient, log: Path) -> None:
    add(log, "one")
    done = follow(researcher, log)
    log.unlink()
    add(log, "another", "and more")
    grown = look_again(done["id"])
    assert texts() == ["one", "another", "and more"]
    (bad,) = grown.report["bad"]
    assert (bad["line"], "may be missing" in bad["message"]) == (2, True)


def test_a_log_that_is_away_for_a_moment_is_waited_for(researcher: APIClient, log: Path) -> None:
    add(log, "one")
    done = follow(researcher, log)
    rename(log)
    assert (look_again(done["id"]).error, texts()) == ("", ["one"])
    add(log, "two")
    look_again(done["id"])
    assert texts() == ["one", "two"]


def test_a_source_that_is_read_twice_brings_no_response_twice(researcher: APIClient, log: Path) -> None:
    rows = [{"prompt": "Say hello", "responses": ["Hello", "Hi"]}, {"prompt": "Name a lake", "responses": ["Como"]}]
    for name in ("mine.jsonl", "copy.jsonl"):
        log.with_name(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        body = {"source": "incoming", "name": name}
        answer = previewed(researcher, researcher.post("/api/v1/prompt-imports/sources", body, format="json")).json()
        assert answer["response_count"] == (3 if name == "mine.jsonl" else 0)
        confirm(researcher, answer)
    assert Response.objects.count() == 3
    add(log, "one", "one")
    follow(researcher, log)
    again = follow(researcher, log, follows=False)
    assert (again["state"], Response.objects.count()) == ("imported", 5)
    assert SampleBatch.objects.filter(responses__isnull=True).count() == 0, "a batch of that name, with nothing in it"


@pytest.mark.parametrize("name", ["ä" * 200, "a\x00b", "missing", "..", "."])
def test_a_name_that_no_file_can_have_is_told(researcher: APIClient, log: Path, name: str) -> None:
    answer = researcher.post("/api/v1/prompt-imports/sources", {"source": "incoming", "name": name}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")


def test_what_vanishes_beside_a_log_is_not_it_and_a_log_whose_folder_is_gone_waits(
    log: Path, researcher: APIClient
) -> None:
    add(log, "a")
    made = PromptImport.objects.get(pk=follow(researcher, log)["id"])
    gone = log.with_name("gone")
    assert (_is(gone, made.position["log"], offset=0, by_inode=False), _changed_at(gone)) == (False, -1)
    assert not has_news(gone / log.name, made.position)
