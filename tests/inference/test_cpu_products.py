"""Linear layers that multiply by oneDNN: the numbers and gradients of plain ones, and where they are taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from inference import cpu_products, models
from inference.cpu_products import OneDnnLinear, mkl_is_slow, quicken_products
from inference.models import load_causal_lm

pytestmark = pytest.mark.skipif(
    not hasattr(torch.ops.mkldnn, "_linear_pointwise"), reason="this PyTorch was built without oneDNN's linear layer"
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the smallest product goes through oneDNN."""
    monkeypatch.setattr(cpu_products, "_LEAST_WORK", 1)
    monkeypatch.setattr(cpu_products, "_LEAST_WEIGHTS", 1)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each product that oneDNN has made."""
    made: list[int] = []
    product = cpu_products._product

    def counted(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        made.append(rows.numel())
        return product(rows, weight, bias)

    monkeypatch.setattr(cpu_products, "_product", counted)
    return made


def layer(inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    torch.manual_seed(0)
    own = nn.Linear(inputs, outputs, bias=bias)
    quicken_products(own)
    return own


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 7), (5, 7), (2, 3, 7), (7,)])
def test_products_and_gradients_are_a_plain_layer_s(shape: tuple[int, ...], bias: bool, calls: list[int]) -> None:
    own = layer(7, 5, bias=bias)
    rows = torch.randn(shape, requires_grad=True)
    wanted = [rows, *own.parameters()]
    found, expected = own(rows), linear(rows, own.weight, own.bias)
    torch.testing.assert_close(found, expected)
    probe = torch.randn_like(expected)
    gradients = [torch.autograd.grad(values, wanted, probe) for values in (found, expected)]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
    assert len(calls) == 3


@pytest.mark.usefixtures("always")
def test_rows_that_do_not_lie_side_by_side() -> None:
    own = layer(6, 5)
    rows = torch.randn(2, 3, 4, 2).transpose(1, 2).flatten(2).requires_grad_()
    ends = rows[:, -1:].mT.mT
    torch.testing.assert_close(own(ends), linear(ends, own.weight, own.bias))
    torch.testing.assert_close(
        torch.autograd.grad(own(ends).square().sum(), rows),
        torch.autograd.grad(linear(ends, own.weight, own.bias).square().sum(), rows),
    )


@pytest.mark.usefixtures("always")
def test_what_is_frozen_gets_no_gradient(calls: list[int]) -> None:
    own = layer(7, 5)
    own.requires_grad_(False)
    rows = torch.randn(3, 7, requires_grad=True)
    own(rows).sum().backward()
    assert own.weight.grad is None
    assert own.bias.grad is None
    torch.testing.assert_close(rows.grad, own.weight.sum(0).expand(3, 7))
    assert len(calls) == 2


@pytest.mark.usefixtures("always")
def test_with_and_without_gradients_it_is_the_same_to_the_bit() -> None:
    own = layer(64, 48)
    rows = torch.randn(33, 64)
    with torch.no_grad():
        scored = own(rows)
    assert torch.equal(own(rows), scored)


@pytest.mark.usefixtures("always")
def test_lower_precision_goes_the_plain_way(calls: list[int]) -> None:
    own, rows = layer(7, 5), torch.randn(3, 7)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert own(rows).dtype == torch.bfloat16
    assert own.to(torch.bfloat16)(rows.bfloat16()).dtype == torch.bfloat16
    assert not calls


def test_small_and_empty_products_and_small_layers_go_the_plain_way(calls: list[int]) -> None:
    own, rows = layer(256, 256), torch.randn(33, 256)
    with torch.no_grad():
        own(rows[:31])
        own(rows[:0])
        assert not calls
        own(rows)
        layer(255, 256)(torch.randn(100, 255))
    assert calls == [33 * 256]


@pytest.mark.parametrize("is_slow", [True, False])
def test_a_model_on_a_cpu_has_them_where_mkl_is_slow(
    tiny_directory: Path, monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    monkeypatch.setattr(models, "mkl_is_slow", lambda: is_slow)
    model = load_causal_lm(tiny_directory, device="cpu").model
    kinds = {type(module) for module in model.modules() if isinstance(module, nn.Linear)}
    assert kinds == {OneDnnLinear if is_slow else nn.Linear}


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """What was found out of the real machine is forgotten before the test, and what the test made up after it."""
    mkl_is_slow.cache_clear()
    yield
    mkl_is_slow.cache_clear()


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize(
    ("capability", "maker", "is_slow"),
    [("AVX512", "AuthenticAMD", True), ("AVX512", "GenuineIntel", False), ("AVX2", "AuthenticAMD", False)],
)
def test_mkl_is_slow_on_wide_cpus_of_others(
    capability: str, maker: str, is_slow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    information = tmp_path / "cpuinfo"
    information.write_text(f"processor\t: 0\nvendor_id\t: {maker}\n")
    monkeypatch.setattr(cpu_products, "_CPU_INFO", information)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert mkl_is_slow() == is_slow
