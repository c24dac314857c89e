"""What is nearly the same as a prompt, and the words that are shared."""

from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from labelapp.prompts import alike
from labelapp.prompts.alike import shared_passages
from labelapp.prompts.importing.near import CANDIDATES
from labelapp.prompts.models import Prompt
from tests.prompts.conftest import Upload, confirm

STORY = "Tell me a story about a dog that swims across the lake to find its friend"
NEARLY = STORY.replace("Tell", "Please tell") + " again"
LONG = "In this letter I would like to tell you about everything that happened to us last summer on the island, "


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_shared_words_by_hand() -> None:
    found = shared_passages(said("Oh, tell ME a  story now"), "please tell me a story today", by_beginning=False)
    assert [(one.text, one.is_shared) for one in found] == [("Oh,", False), ("tell ME a story", True), ("now", False)]
    begun = shared_passages(said("Tell me this"), "tell me that", by_beginning=True)
    assert [(one.text, one.is_shared) for one in begun] == [("Tell me", True), ("this", False)]
    assert shared_passages(said("Hi there"), "hi there", by_beginning=False)[0].is_shared


@given(st.text(max_size=60), st.text(max_size=60))
def test_passages_are_the_text_and_change_in_turn(one: str, other: str) -> None:
    found = shared_passages(said(one), other, by_beginning=False)
    assert " ".join(passage.text for passage in found) == " ".join(one.split())
    assert all(first.is_shared != second.is_shared for first, second in pairwise(found))


@pytest.fixture
def prompt(researcher: APIClient, upload: Upload) -> Prompt:
    rows = [{"prompt": STORY}, {"prompt": NEARLY}, {"prompt": LONG + "and then"}, {"prompt": LONG + "but now"}]
    confirm(researcher, upload([*rows, {"prompt": "Name a tree."}], near_similarity="0", prefix_characters="0").json())
    return Prompt.objects.get(text=STORY)


@pytest.mark.django_db
def test_a_prompt_has_its_near_duplicates(researcher: APIClient, labeler: APIClient, prompt: Prompt) -> None:
    path = f"/api/v1/prompts/{prompt.pk}/alike"
    (near,) = researcher.get(path).json()
    assert near["id"] == Prompt.objects.get(text=NEARLY).pk
    # 14 of its 16 triples, of 17 words, and one more: "Tell me a" in lower case is shared.
    assert (near["likeness"], round(near["similarity"], 3)) == ("near", round(14 / 16, 3))
    assert [(one["text"], one["is_shared"]) for one in near["passages"]] == [
        ("Please", False),
        (STORY.replace("Tell", "tell"), True),
        ("again", False),
    ]
    letter = Prompt.objects.get(text=LONG + "and then")
    (begun,) = researcher.get(f"/api/v1/prompts/{letter.pk}/alike").json()
    assert (begun["likeness"], begun["passages"][-1]) == ("prefix", {"text": "but now", "is_shared": False})
    assert researcher.get(f"/api/v1/prompts/{Prompt.objects.get(text='Name a tree.').pk}/alike").json() == []
    assert labeler.get(path).status_code == 404


@pytest.mark.django_db
def test_of_many_candidates_those_that_share_most_are_compared(
    researcher: APIClient, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "MOST_COMPARED", 1)
    # Those that share a single fingerprint stand before it in the table.
    Prompt.objects.exclude(text__in=(STORY, NEARLY)).update(fingerprints=prompt.fingerprints[:1])
    twin = Prompt.objects.get(text=NEARLY)
    Prompt.objects.filter(pk=twin.pk).update(fingerprints=prompt.fingerprints)
    (near,) = researcher.get(f"/api/v1/prompts/{prompt.pk}/alike").json()
    assert near["id"] == twin.pk


@pytest.mark.django_db
def test_a_line_is_shown_beside_what_was_kept(researcher: APIClient, labeler: APIClient, upload: Upload) -> None:
    researcher.post("/api/v1/prompts", {"messages": said(STORY)})
    rows = [{"prompt": NEARLY}, {"prompt": LONG + "and then"}, {"prompt": LONG + "but now"}, {"prompt": "Name a tree."}]
    preview = upload(rows).json()
    path = f"/api/v1/prompt-imports/{preview['id']}/dropped"
    near, begun = researcher.get(f"{path}/1").json(), researcher.get(f"{path}/3").json()
    assert [one["is_shared"] for one in near["passages"]] == [False, True, False]
    assert near["kept"] == [{"text": STORY, "is_shared": True}]
    assert (begun["line"]["duplicate_of_line"], begun["kept"][-1]["text"]) == (2, "and then")
    confirm(researcher, preview)
    assert researcher.get(f"{path}/3").json()["kept"] == begun["kept"], "from the prompt that line 2 became"
    assert researcher.get(f"{path}/4").status_code == researcher.get(f"{path}/9").status_code == 404
    assert labeler.get(f"{path}/1").status_code == 404


@pytest.mark.django_db
def test_candidates_are_looked_up_and_not_sought(prompt: Prompt) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sought = CANDIDATES.format(fingerprints="%(own)s::int[]", most=alike.MOST_COMPARED)
        cursor.execute(f"EXPLAIN {sought}", {"own": prompt.fingerprints})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "prompt_fingerprints" in plan
