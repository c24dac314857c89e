import pytest

from training.batches import batch_at_step, endless_slice, steps_per_epoch

ITEMS = list(range(10))


def test_every_epoch_sees_each_item_once_in_an_order_of_its_own() -> None:
    assert steps_per_epoch(10, batch_size=4) == 3
    epochs = [
        [item for step in range(start, start + 3) for item in batch_at_step(ITEMS, step=step, batch_size=4, seed=1)]
        for start in (0, 3)
    ]
    assert sorted(epochs[0]) == sorted(epochs[1]) == ITEMS
    assert epochs[0] != epochs[1] != ITEMS


def test_the_last_batch_of_an_epoch_is_what_is_left() -> None:
    assert [len(batch_at_step(ITEMS, step=step, batch_size=4, seed=1)) for step in range(6)] == [4, 4, 2, 4, 4, 2]


def test_the_seed_decides_the_order() -> None:
    first, again, other = (batch_at_step(ITEMS, step=0, batch_size=10, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("count", [1, 3, 10, 25])
def test_an_endless_stream_goes_on_where_it_was(count: int) -> None:
    whole = endless_slice(ITEMS, start=0, count=100, seed=3)
    pieces = [item for start in range(0, 100, count) for item in endless_slice(ITEMS, start=start, count=count, seed=3)]
    assert pieces[:100] == whole
    assert sorted(whole[:10]) == sorted(whole[10:20]) == ITEMS
