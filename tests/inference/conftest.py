"""One tiny model for all tests of inference, and small pieces to test with."""

from pathlib import Path

import pytest
import torch

from inference.models import LoadedModel, load_causal_lm, quiet_libraries, reward_model_from_causal_lm
from inference.tiny import TinyConfig, build

# Results differ in their last bits between thread counts, and two busy threads are slower than one.
torch.set_num_threads(1)
quiet_libraries()


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, trained just enough to end some of its responses."""
    directory = tmp_path_factory.mktemp("models") / "tiny"
    build(directory, config=TinyConfig(steps=60))
    return directory


@pytest.fixture
def tiny(tiny_directory: Path) -> LoadedModel:
    return load_causal_lm(tiny_directory, device="cpu", precision="float32")


@pytest.fixture
def reward_model(tiny_directory: Path) -> LoadedModel:
    torch.manual_seed(0)
    return reward_model_from_causal_lm(tiny_directory, device="cpu", precision="float32")


def user(text: str) -> list[dict[str, str]]:
    """The messages of a plain prompt."""
    return [{"role": "user", "content": text}]
