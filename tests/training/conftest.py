from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from inference import cpu_products, models
from inference.byte_tokenizer import VOCABULARY_SIZE, build_byte_tokenizer
from inference.models import quiet_libraries
from inference.tiny import TinyConfig, build_tiny_model

CONTEXT = 1024
quiet_libraries()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Bits depend on the number of threads."""
    torch.set_num_threads(1)


@pytest.fixture(params=["mkl", "onednn"])
def products(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose matrix products linear layers take, on any CPU and however small (`inference.cpu_products`)."""
    if request.param == "onednn" and not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch was built without oneDNN's linear layer")
    monkeypatch.setattr(models, "mkl_is_slow", lambda: request.param == "onednn")
    monkeypatch.setattr(cpu_products, "_LEAST_WORK", 1)
    monkeypatch.setattr(cpu_products, "_LEAST_WEIGHTS", 1)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an untrained Llama of 20k parameters: small enough for whole runs inside a test."""
    directory = tmp_path_factory.mktemp("llama")
    tokenizer = build_byte_tokenizer(context_length=CONTEXT)
    build_tiny_model(TinyConfig(hidden_size=32, layers=1, heads=2), tokenizer=tokenizer).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another architecture, with dropout of its own and a padding token that is the end token."""
    directory = tmp_path_factory.mktemp("gpt2")
    tokenizer = build_byte_tokenizer(context_length=CONTEXT)
    tokenizer.pad_token = tokenizer.eos_token
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=VOCABULARY_SIZE,
        n_positions=256,
        n_embd=32,
        n_layer=1,
        n_head=2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=end,
        pad_token_id=end,
        attn_pdrop=0.3,
        resid_pdrop=0.3,
        embd_pdrop=0.3,
    )
    GPT2LMHeadModel(config).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory
