"""What the server names and the labeling screens translate: the front end's own check cannot see it in the sources."""

import json

from django.conf import settings

from labelapp.labeling.questions import QUESTIONS

LOCALES = settings.BASE_DIR / "frontend" / "src" / "locales"


def test_every_question_is_translated() -> None:
    german = json.loads((LOCALES / "de.json").read_text())
    missing = [text for question in QUESTIONS for text in (question.label, question.help) if not german.get(text)]
    assert not missing
