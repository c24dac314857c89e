"""What a field says of a value that it refuses: the app's own sentences in place of the framework's, in one place."""

from rest_framework import serializers

NEEDED = "This is needed."
NOT_EMPTY = "This may not be left empty."
_AT_LEAST, _AT_MOST = "At least {min_value}.", "At most {max_value}."

MESSAGES: dict[type[serializers.Field], dict[str, str]] = {  # type: ignore[type-arg]  # it is generic for mypy alone
    serializers.Field: {"required": NEEDED, "null": NOT_EMPTY},
    serializers.CharField: {
        "invalid": "Give text.",
        "blank": NOT_EMPTY,
        "max_length": "At most {max_length} characters.",
        "min_length": "At least {min_length} characters.",
    },
    serializers.EmailField: {"invalid": "Give an e-mail address, such as name@example.org."},
    serializers.BooleanField: {"invalid": "Give true or false."},
    serializers.IntegerField: {"invalid": "Give a whole number.", "min_value": _AT_LEAST, "max_value": _AT_MOST},
    serializers.FloatField: {"invalid": "Give a number.", "min_value": _AT_LEAST, "max_value": _AT_MOST},
    serializers.MultipleChoiceField: {"empty": "Choose at least one."},
    serializers.ListField: {
        "not_a_list": "Give a list.",
        "empty": "Give at least one.",
        "min_length": "Give at least {min_length}.",
        "max_length": "Give at most {max_length}.",
    },
    serializers.FileField: {"required": "Choose a file.", "empty": "The file is empty."},
}


def use_own_messages() -> None:
    """Let every field that has no message of its own say these."""
    for field, messages in MESSAGES.items():
        field.default_error_messages.update(messages)
