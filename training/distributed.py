"""One run as one process or as many: which part is whose, and how the parts become a whole again.

`accelerate launch -m training.sft RUN_DIR` (or torchrun) starts the processes and says in their environment how many
there are; `join_world` makes them one `World`, and a run without a launcher is a world of one, in which every function
here is the plain one.

Every process reads all rows and does everything that is cheap. What is dear is dealt out in whole micro-batches, the
very ones that one process would make, so that the result does not depend on how many there are: each adds its share to
losses that are already divided by the *global* batch, and gradients add up (FSDP takes their mean, hence a loss times
`World.size` before `backward`). Weights, gradients and optimizer states
are sharded by torch's FSDP2. Files are written by the first process alone.
"""

import contextlib
import copy
import ctypes
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor

from formats.shared_settings import Device

Item = TypeVar("Item")
Result = TypeVar("Result")
Model = TypeVar("Model", bound=nn.Module)
Given = ParamSpec("Given")
PR_SET_PDEATHSIG = 1
# The first process may write a large checkpoint meanwhile; a process that dies is noticed by its launcher at once.
COLLECTIVE_TIMEOUT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Share(Generic[Item]):
    """A piece of work for this process, one that counts 1, or 0 where it only keeps step with the others."""

    index: int  # among all pieces
    item: Item
    weight: float


@dataclass(frozen=True, slots=True)
class World:
    """The processes of a run, and which of them this one is."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes the run's files."""
        return self.rank == 0

    # ---- work ----

    def deal(self, items: Sequence[Item]) -> Iterator[Share[Item]]:
        """This process's pieces of some work, each `size`-th. All processes get the same number, since sharded weights
        are gathered by all together: one whose pieces are used up gets the first again, to count 0."""
        for start in range(0, len(items), self.size):
            index = start + self.rank
            yield Share(index, items[index], 1.0) if index < len(items) else Share(0, items[0], 0.0)

    def spread(self, items: Sequence[Item], work: Callable[[Item], Result]) -> list[Result]:
        """`work` of every item, in order, known to every process; each does its share. Tensors come to the CPU and
        back, so results should be small beside the work."""
        own = [(share.index, work(share.item)) for share in self.deal(items)]
        if self.size == 1:
            return [result for _, result in own]
        found = {index: result for part in self.gather(own) for index, result in part}
        return [found[index] for index in range(len(items))]

    # ---- what all must know ----

    def gather(self, value: Result) -> list[Result]:
        """The value of each process, by rank; tensors lie on this process's own device."""
        if self.size == 1:
            return [value]
        buffer = io.BytesIO()
        torch.save(value, buffer)
        found: list[bytes] = [b""] * self.size
        dist.all_gather_object(found, buffer.getvalue())
        # What this run's own processes sent; nothing from outside is unpickled.
        return [torch.load(io.BytesIO(data), map_location=_to_own_device, weights_only=False) for data in found]

    def total(self, values: Sequence[float]) -> list[float]:
        """The sums of some numbers over all processes, the same to the bit in each."""
        return [sum(column) for column in zip(*self.gather(list(values)), strict=True)]

    def any(self, claim: bool) -> bool:
        """Whether the claim holds in any process, so that all of them act on it at the same step."""
        return any(self.gather(claim))

    def from_main(self, make: Callable[[], Result]) -> Result:
        """What the first process makes, in every process: for what it alone may look up, such as a file's newest
        name. Where it fails, all fail."""
        if self.size == 1:
            return make()
        found: list[Any] = [None, None]
        if self.is_main:
            try:
                found[0] = make()
            except Exception as error:
                found[1] = error
        dist.broadcast_object_list(found, src=0)
        if found[1] is not None:
            raise found[1]
        result: Result = found[0]
        return result

    # ---- models ----

    def shard(self, model: nn.Module) -> None:
        """Spread a model's weights over the processes, a unit of communication for each of its layers, in place.

        Optimizers and averages are made after it. Of a sharded model everything is called through `call`.
        """
        if self.size == 1 or _is_sharded(model):
            return
        vars(model)["skeleton"] = _skeleton(model)
        # Where the model lies, and not on whatever accelerator there is.
        mesh = init_device_mesh(next(model.parameters()).device.type, (self.size,))
        layer_names = set(getattr(model, "_no_split_modules", None) or ())
        for module in list(model.modules()):
            if type(module).__name__ in layer_names:
                fully_shard(module, mesh=mesh)
        fully_shard(model, mesh=mesh)
        vars(model)["computed"] = _computed
        register_fsdp_forward_method(model, "computed")

    def call(
        self,
        function: Callable[Concatenate[Any, Given], Result],
        model: nn.Module,
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """`function(model, …)` with the model's weights at hand, also those outside its layers, and their gradients
        on the way back: for functions that do not go through the model's own `forward` alone."""
        if not _is_sharded(model):
            return function(model, *args, **kwargs)
        result: Result = vars(model)["computed"](function, model, *args, **kwargs)
        return result

    @contextlib.contextmanager
    def whole(self, model: nn.Module) -> Iterator[None]:
        """Inside, this process has all of a model's weights, to sample without a word to the others (and without
        gradients): responses end at different tokens, so the processes do not keep step."""
        parts = [module for module in model.modules() if isinstance(module, FSDPModule)]
        for part in parts:
            part.unshard()
            part.set_reshard_after_forward(False, recurse=False)
        try:
            yield
        finally:
            for part in parts:
                part.reshard()
                part.set_reshard_after_forward(True, recurse=False)

    def assemble(self, model: Model) -> Model:
        """The model as one process would have it, to be saved: itself, or a copy on the CPU, whole in the first
        process and empty in the others, which help to gather it."""
        if not _is_sharded(model):
            return model
        found: Model = vars(model)["skeleton"]
        state = {}
        for name, value in model.state_dict().items():
            whole = whole_tensor(value)
            if self.is_main:
                state[name] = whole.detach().cpu()
        if self.is_main:
            found.load_state_dict(state, assign=True)
            tie_weights: Any = getattr(found, "tie_weights", None)
            if tie_weights is not None:
                tie_weights()
        if hasattr(model, "config"):
            found.config = model.config
        return found

    def mean_gradients(self, module: nn.Module) -> None:
        """Average the gradients of a module that is not sharded, such as a loss with a parameter of its own, as FSDP
        does those of one that is."""
        if self.size > 1:
            for weights in module.parameters():
                if weights.grad is not None:
                    dist.all_reduce(weights.grad)
                    weights.grad /= self.size


ALONE = World()


def _skeleton(model: Model) -> Model:
    """A copy without weights, taken while the model is still an ordinary one."""
    weights = {id(value): nn.Parameter(value.detach().to("meta"), value.requires_grad) for value in model.parameters()}
    return copy.deepcopy(model, weights)


def _is_sharded(model: nn.Module) -> bool:
    return isinstance(model, FSDPModule)


def _computed(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    return function(*args, **kwargs)


def _to_own_device(storage: Any, location: str) -> Any:
    return storage.cuda(torch.cuda.current_device()) if location.startswith("cuda") else storage


def whole_tensor(value: Tensor) -> Tensor:
    """A tensor as one process would have it. All processes call it, in the same order."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def sharded_like(value: Tensor, pattern: Tensor) -> Tensor:
    """A whole tensor, which every process has, laid out as `pattern` is."""
    if not isinstance(pattern, DTensor) or value.shape != pattern.shape:
        return value
    placed = value.to(pattern.device)
    return distribute_tensor(placed, pattern.device_mesh, pattern.placements, src_data_rank=None)


@contextlib.contextmanager
def join_world(*, device: Callable[[], Device]) -> Iterator[World]:
    """The processes that the launcher started, from the environment that it made (RANK, WORLD_SIZE, …); else one.

    `device` says, where there are several, what the run is to compute on: a GPU that is there may not be meant.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World()
        return
    if "TORCHELASTIC_RUN_ID" in os.environ:
        # The launcher gives each process a session of its own; one that is killed must not leave them computing.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    uses_gpu = torch.cuda.is_available() and device() != "cpu"
    if uses_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    # Tensors go over NCCL where they lie on GPUs; what is gathered as objects always goes over gloo.
    dist.init_process_group("cpu:gloo,cuda:nccl" if uses_gpu else "gloo", timeout=COLLECTIVE_TIMEOUT)
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def leave_world(world: World, code: int) -> int:
    """End this process with its exit code where it is one of several, once all is written; alone, return the code.

    Python's own way out is not safe there: a thread of gloo that still lets go of a tensor asks for an interpreter that
    is being taken down, and the process aborts, so that a run whose work is done would count as failed.
    """
    if world.size > 1:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
