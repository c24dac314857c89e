from pathlib import Path

import pytest
import torch

from formats.run_directory import read_metrics
from inference.models import LoadedModel, load_causal_lm
from tests.training.toy_runs import make_toy_run, start
from training.optimizing import arithmetic
from training.sequences import TokenSequence
from training.sft import accumulate_gradients, mean_loss, summed_loss

ROWS = [
    TokenSequence([257, *b"Hello", 261], [*b"ab", 258]),
    TokenSequence([257, *b"Hi", 261], [*b"abcdefg", 258]),
    TokenSequence([257, 261], [*b"x"]),
]
TOKENS = 3 + 8 + 1
PRECISION = arithmetic("float32", torch.device("cpu"))


@pytest.fixture
def policy(llama: Path) -> LoadedModel:
    return load_causal_lm(llama, device="cpu", precision="float32")


def gradients(policy: LoadedModel) -> list[torch.Tensor]:
    found = [weights.grad.clone() for weights in policy.model.parameters() if weights.grad is not None]
    policy.model.zero_grad()
    return found


def unpadded_loss(policy: LoadedModel, row: TokenSequence) -> float:
    """The plain way, one row at a time: position t predicts token t + 1, and prompt tokens do not count."""
    ids = torch.tensor([row.prompt_ids + row.response_ids])
    log_probs = policy.model(ids).logits.log_softmax(-1)[0, :-1]
    chosen = log_probs[torch.arange(ids.shape[1] - 1), ids[0, 1:]]
    return -float(chosen[len(row.prompt_ids) - 1 :].sum().detach())


def test_the_loss_is_on_response_tokens_alone_whatever_the_padding(policy: LoadedModel) -> None:
    expected = sum(unpadded_loss(policy, row) for row in ROWS)
    assert summed_loss(policy, ROWS).item() == pytest.approx(expected, rel=1e-5)


def test_the_gradient_is_that_of_the_mean_over_all_response_tokens(policy: LoadedModel) -> None:
    loss = accumulate_gradients(policy, ROWS, micro_batch_size=2, precision=PRECISION)
    found = gradients(policy)
    mean = summed_loss(policy, ROWS) / TOKENS
    assert loss == pytest.approx(mean.item(), rel=1e-5)
    for ours, expected in zip(found, torch.autograd.grad(mean, list(policy.model.parameters())), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("micro_batch_size", [1, 2])
def test_micro_batches_give_the_gradient_of_the_whole_batch(policy: LoadedModel, micro_batch_size: int) -> None:
    loss = accumulate_gradients(policy, ROWS, micro_batch_size=3, precision=PRECISION)
    whole = gradients(policy)
    again = accumulate_gradients(policy, ROWS, micro_batch_size=micro_batch_size, precision=PRECISION)
    assert again == pytest.approx(loss, rel=1e-5)
    for one, other in zip(gradients(policy), whole, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_a_coefficient_scales_the_gradient_and_not_the_loss_that_is_told(policy: LoadedModel) -> None:
    loss = accumulate_gradients(policy, ROWS, micro_batch_size=2, precision=PRECISION)
    plain = gradients(policy)
    same = accumulate_gradients(policy, ROWS, micro_batch_size=2, precision=PRECISION, coefficient=27.8)
    assert same == loss
    for one, other in zip(gradients(policy), plain, strict=True):
        torch.testing.assert_close(one, 27.8 * other, rtol=1e-4, atol=1e-6)


def test_validation_has_dropout_off_and_gives_the_mode_back(gpt2: Path) -> None:
    policy = load_causal_lm(gpt2, device="cpu", precision="float32")
    expected = summed_loss(policy, ROWS).item() / TOKENS
    policy.model.train()
    assert mean_loss(policy, ROWS, micro_batch_size=3, precision=PRECISION) == pytest.approx(expected, rel=1e-6)
    assert policy.model.training
    assert summed_loss(policy, ROWS).item() / TOKENS != pytest.approx(expected, rel=1e-6)


def test_bfloat16_computes_nearly_the_same_and_keeps_the_weights_in_32_bits(policy: LoadedModel) -> None:
    exact = mean_loss(policy, ROWS, micro_batch_size=3, precision=PRECISION)
    half = arithmetic("bfloat16", torch.device("cpu"))
    assert mean_loss(policy, ROWS, micro_batch_size=3, precision=half) == pytest.approx(exact, rel=0.02)
    assert all(weights.dtype == torch.float32 for weights in policy.model.parameters())


def test_a_run_reports_what_the_dashboard_charts(tmp_path: Path, llama: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="sft", models={"model": llama}, epochs=1)
    assert start(directory) == 0
    rows = read_metrics(directory.attempt(1).metrics_path)
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert {"loss", "learning_rate", "tokens_per_second", "gradient_norm"} <= set(rows[0])
    assert [row["step"] for row in rows if "validation_loss" in row] == [3, 6, 7]
    status = directory.attempt(1).read_status()
    assert status is not None
    assert (status.phase, status.step, status.total_steps) == ("save", 7, 7)
    assert load_causal_lm(directory.model_output, device="cpu").tokenizer.chat_template
