import random
from pathlib import Path

import pytest
import torch

from formats.run_directory import read_metrics
from inference.models import LoadedModel, load_causal_lm
from tests.training.toy_runs import make_toy_run, start
from training.optimizing import arithmetic
from training.response_loss import ResponseLoss
from training.sequences import Lengths, TokenSequence
from training.token_batches import TokenBatcher, make_batcher

ROWS = [
    TokenSequence([257, *b"Hello", 261], [*b"ab", 258]),
    TokenSequence([257, *b"Hi", 261], [*b"abcdefg", 258]),
    TokenSequence([257, 261], [*b"x"]),
    # Two turns: "yes" and "no" are learnt, and not what the user says between them.
    TokenSequence([257, *b"Is", 261], [*b"yes", 258, *b"Really?", 261, *b"no", 258], unlearnt=((4, 12),)),
]
TOKENS = 3 + 8 + 1 + 7
PRECISION = arithmetic("float32", torch.device("cpu"))
MANY = 10_000  # tokens: all rows go through together


@pytest.fixture(params=["llama", "gpt2"])
def policy(request: pytest.FixtureRequest) -> LoadedModel:
    found = load_causal_lm(request.getfixturevalue(request.param), device="cpu", precision="float32")
    with torch.no_grad():
        for weights in found.model.parameters():
            weights.mul_(2)  # an untrained model's tokens hardly hang on each other
    make_batcher(found, packing="packed", micro_batch_tokens=1, lengths=Lengths(64, 64), warn=pytest.fail)
    return found


def loss_of(policy: LoadedModel, *, is_packed: bool = False, tokens: int = MANY) -> ResponseLoss:
    return ResponseLoss(policy.model, TokenBatcher.of(policy, is_packed=is_packed, micro_batch_tokens=tokens))


def learn(loss: ResponseLoss, rows: list[TokenSequence]) -> tuple[float, list[torch.Tensor]]:
    loss.model.zero_grad()
    value = loss.add_gradients(rows, precision=PRECISION)
    return value, [weights.grad.clone() for weights in loss.model.parameters() if weights.grad is not None]


def plain_loss(policy: LoadedModel, row: TokenSequence) -> torch.Tensor:
    """The plain way, one row at a time: position t predicts token t + 1, and what is not learnt does not count."""
    ids = torch.tensor([row.prompt_ids + row.response_ids])
    log_probs: torch.Tensor = policy.model(ids).logits.log_softmax(-1)[0, :-1]
    chosen = log_probs[torch.arange(ids.shape[1] - 1), ids[0, 1:]][len(row.prompt_ids) - 1 :]
    learnt = [not any(start <= n < end for start, end in row.unlearnt) for n in range(len(row.response_ids))]
    return -chosen[torch.tensor(learnt)].sum()


def draw_rows(seed: int) -> list[TokenSequence]:
    """Rows of ragged lengths, some of them conversations."""
    draw = random.Random(seed)

    def ids(least: int, most: int) -> list[int]:
        return [draw.randrange(256) for _ in range(draw.randint(least, most))]

    rows = [TokenSequence(ids(1, 20), ids(1, 15)) for _ in range(draw.randint(2, 6))]
    talk = ids(8, 20)
    return [*rows, TokenSequence(ids(1, 5), talk, unlearnt=((draw.randint(1, 3), draw.randint(4, 6)),))]


@pytest.mark.parametrize("is_packed", [True, False])
def test_loss_and_gradient_are_those_of_one_row_at_a_time(policy: LoadedModel, is_packed: bool) -> None:
    for rows in (ROWS, draw_rows(0), draw_rows(1)):
        count = sum(row.learnt_count for row in rows)
        expected = torch.stack([plain_loss(policy, row) for row in rows]).sum() / count
        gradients = torch.autograd.grad(expected, list(policy.model.parameters()))
        loss, found = learn(loss_of(policy, is_packed=is_packed), rows)
        assert loss == pytest.approx(expected.item(), rel=1e-5)
        assert max(float(own.abs().max()) for own in gradients) > 1e-2
        for ours, own in zip(found, gradients, strict=True):
            torch.testing.assert_close(ours, own, rtol=1e-5, atol=1e-5)


def test_the_mean_is_over_what_is_learnt(policy: LoadedModel) -> None:
    assert sum(row.learnt_count for row in ROWS) == TOKENS
    summed = sum(plain_loss(policy, row).item() for row in ROWS)
    found = loss_of(policy).mean(ROWS, precision=PRECISION)
    assert found == pytest.approx(summed / TOKENS, rel=1e-5)


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("tokens", [1, 30, 60])
def test_micro_batches_change_nothing_and_keep_to_their_tokens(
    policy: LoadedModel, is_packed: bool, tokens: int
) -> None:
    rows = draw_rows(2) + ROWS
    whole, expected = learn(loss_of(policy, is_packed=is_packed), rows)
    cut = loss_of(policy, is_packed=is_packed, tokens=tokens)
    parts = list(cut.micro_batches(rows))
    assert len(parts) > 1
    assert all(cut.batcher.tokens(part) <= tokens or len(part) == 1 for part in parts)
    assert sorted(map(id, rows)) == sorted(id(row) for part in parts for row in part)
    loss, found = learn(cut, rows)
    assert loss == pytest.approx(whole, rel=1e-5)
    for ours, own in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, own, rtol=1e-5, atol=1e-5)


def test_no_row_sees_another(policy: LoadedModel) -> None:
    """Also where the neighbours are the same length, so that a wrong mask would not fail by its shape."""
    loss, row = loss_of(policy, is_packed=True), ROWS[0]
    alone = plain_loss(policy, row).item()
    for other in ([9] * 5, [200, 3, 77, 140, 8]):
        neighbour = TokenSequence(other[:2], other[2:])
        together = loss.summed([neighbour, row, neighbour]) - 2 * plain_loss(policy, neighbour)
        assert together.item() == pytest.approx(alone, rel=1e-4)


def test_a_coefficient_scales_the_gradient_and_not_the_loss_that_is_told(policy: LoadedModel) -> None:
    loss, plain = learn(loss_of(policy), ROWS)
    policy.model.zero_grad()
    assert loss_of(policy).add_gradients(ROWS, precision=PRECISION, coefficient=27.8) == loss
    for weights, own in zip(policy.model.parameters(), plain, strict=True):
        assert weights.grad is not None
        torch.testing.assert_close(weights.grad, 27.8 * own, rtol=1e-4, atol=1e-4)


def test_validation_has_dropout_off_and_gives_the_mode_back(gpt2: Path) -> None:
    policy = load_causal_lm(gpt2, device="cpu", precision="float32")
    loss = loss_of(policy)
    expected = loss.summed(ROWS).item() / TOKENS
    policy.model.train()
    assert loss.mean(ROWS, precision=PRECISION) == pytest.approx(expected, rel=1e-6)
    assert policy.model.training
    assert loss.summed(ROWS).item() / TOKENS != pytest.approx(expected, rel=1e-6)


def test_bfloat16_computes_nearly_the_same_and_keeps_the_weights_in_32_bits(policy: LoadedModel) -> None:
    exact = loss_of(policy).mean(ROWS, precision=PRECISION)
    half = arithmetic("bfloat16", torch.device("cpu"))
    assert loss_of(policy).mean(ROWS, precision=half) == pytest.approx(exact, rel=0.02)
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
