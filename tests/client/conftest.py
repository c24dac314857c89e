import pytest

from labelapp_client import connection, watching


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client try again at once."""
    for module in (connection, watching):
        monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
        monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.01)
