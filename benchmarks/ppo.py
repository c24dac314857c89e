"""PPO end to end against the last TRL that had it, 1.12: whole batches in turns, at equal hyper-parameters.

    python -m benchmarks.training --benches ppo [--quick]

One JSON line a case. "paper": prompts with the lengths of the paper's (median 62, mean 166, a long tail cut at 1k) and
responses that end when they end: the model's chance of ending is the same at each token. "fixed": every prompt and
every response of one length. `vs_trl` is the ratio of episodes a second, `memory_vs_trl` that of the processes' peak
memory.

One inner epoch with one optimizer step a batch, in TRL by accumulated micro-batches: with minibatches it would step
once an epoch all the same (its accumulation counts across them, until the last batch of a pass over the prompts, which
comes after those that are measured). Both clip at 0.2, whiten advantages, take the k1 estimate of a fixed KL penalty,
and use Adam at a constant rate. The networks are the same, layer by layer. A micro-batch of ours has so many tokens
(`settings.micro_batch_tokens`), one of TRL's so many rows (`trl_micro_batch_rows`), padded to the longest. On a CPU the
clock is the process's own CPU time with one thread.
"""

import contextlib
import json
import math
import random
import statistics
import string
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from benchmarks.contenders import MODELS, Contender, present, products, ratio, trl_environment
from formats.configs import PpoConfig
from formats.jsonl import write_jsonl
from formats.messages import Message
from formats.records import Prompt
from formats.run_directory import RunDirectory
from formats.run_spec import RunSpec
from formats.shared_settings import Precision
from inference.byte_tokenizer import VOCABULARY_SIZE, build_byte_tokenizer
from inference.models import reward_model_from_causal_lm, save_reward_model
from inference.prompts import encode_prompt

TRL_VERSION = "1.12.0"
CONTEXT = 2048
LONGEST_PROMPT = 1024
MEDIAN_PROMPT, MEAN_PROMPT = 62, 166
TEMPLATE_TOKENS = 3
TRL_MICRO_BATCH = 16


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured. With `fixed_prompt` 0 lengths are the paper's; `mean_response` 0 never ends by itself."""

    name: str
    model: str
    fixed_prompt: int
    mean_response: int
    longest_response: int
    batch_size: int


def cases(models: Sequence[str], *, batch_size: int) -> list[Case]:
    """Both kinds of lengths on each model."""
    return [
        case
        for model in models
        for case in (Case("paper", model, 0, 64, 256, batch_size), Case("fixed", model, 128, 0, 64, batch_size))
    ]


def rows(
    models: Sequence[str],
    *,
    quick: bool,
    steps: int,
    device: str,
    precision: Precision = "float32",
    with_trl: bool = True,
) -> Iterator[dict[str, Any]]:
    """The measurements, one after the other."""
    python = trl_environment(TRL_VERSION) if with_trl else None
    for case in cases(models, batch_size=16 if quick else 64):
        with tempfile.TemporaryDirectory() as scratch:
            yield measure(case, Path(scratch), trl_python=python, steps=steps, device=device, precision=precision)


def measure(
    case: Case, folder: Path, *, trl_python: Path | None, steps: int, device: str, precision: Precision
) -> dict[str, Any]:
    """Both contenders in turns, or ours alone, after one batch each to warm up."""
    path, settings = write_case(case, folder, device=device, precision=precision)
    pythons = ({"trl": str(trl_python)} if trl_python else {}) | {"ours": sys.executable}
    with contextlib.ExitStack() as stack:
        contenders = {
            name: stack.enter_context(Contender([python, "-m", f"benchmarks.ppo_{name}", str(path)], threads=1))
            for name, python in pythons.items()
        }
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for step in range(steps + 1):
            for name, contender in contenders.items():
                row = contender.step()
                found[name] += [row] if step else []
    speed = {n: statistics.median(case.batch_size / row["seconds"] for row in own) for n, own in found.items()}
    peak = {name: max(row["peak_bytes"] for row in own) for name, own in found.items()}
    phases = {
        name: statistics.median(row["phases"][name] for row in found["ours"]) for name in found["ours"][0]["phases"]
    }
    line: dict[str, Any] = {
        "bench": "ppo",
        **asdict(case),
        "device": device,
        "threads": 1,
        "steps": steps,
        "settings": settings.to_json(),
        "trl_version": TRL_VERSION if trl_python else None,
        "trl_micro_batch_rows": TRL_MICRO_BATCH if trl_python else None,
        "torch_version": version("torch"),
        "products": products(device),
        "response_tokens_mean": round(statistics.fmean(row["response_tokens_mean"] for row in found["ours"]), 1),
        "rollout_tokens_per_second": round(
            statistics.median(
                case.batch_size * row["response_tokens_mean"] / row["phases"]["sampling"] for row in found["ours"]
            )
        ),
        "episodes_per_second": {name: round(value, 3) for name, value in speed.items()},
        "seconds_of_phases": {name: round(value, 3) for name, value in phases.items()},
        "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
        "vs_trl": ratio(speed, "ours", "trl"),
        "memory_vs_trl": ratio(peak, "ours", "trl"),
    }
    return present(line)


def write_case(case: Case, folder: Path, *, device: str, precision: Precision = "float32") -> tuple[Path, PpoConfig]:
    """The models, the prompts as both contenders read them, and the settings that both take."""
    tokenizer = build_byte_tokenizer(context_length=CONTEXT)
    make_policy(case, tokenizer).save_pretrained(folder / "policy")
    tokenizer.save_pretrained(folder / "policy")
    torch.manual_seed(1)
    save_reward_model(reward_model_from_causal_lm(folder / "policy", device="cpu"), folder / "reward")
    prompts = make_prompts(case, count=16 * case.batch_size)
    settings = PpoConfig(
        episodes=1_000_000,
        batch_size=case.batch_size,
        minibatch_size=case.batch_size,
        rollout_batch_size=case.batch_size,
        micro_batch_tokens=4096,
        learning_rate=1e-6,  # lengths are to stay as they are
        value_learning_rate=1e-6,
        warmup_iterations=0,
        gradient_clip_norm=1.0,
        ptx_coefficient=0.0,
        max_prompt_tokens=LONGEST_PROMPT,
        max_response_tokens=case.longest_response,
        device=device,  # type: ignore[arg-type]
        precision=precision,
    )
    inputs = {"model": str(folder / "policy"), "reward_model": str(folder / "reward")}
    return write_contest(folder, settings, inputs=inputs, tokenizer=tokenizer, prompts=prompts), settings


def write_contest(
    folder: Path,
    settings: PpoConfig,
    *,
    inputs: dict[str, str],
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Prompt],
    trl_micro_batch: int = TRL_MICRO_BATCH,
    policy_directory: str | None = None,
) -> Path:
    """A case as both contenders read it, and our run directory; both leave their policy where one is named.

    TRL takes a step for each micro-batch, not for each batch, where a batch is the last of a pass over the prompts:
    accelerate ends an accumulation with its data loader. Where that must not be, `trl_micro_batch` is the whole batch.
    """
    run = RunDirectory(folder / "run")
    run.write_spec(RunSpec("ppo", settings, inputs | {"prompts": "inputs/prompts.jsonl"}))
    write_jsonl(run.inputs / "prompts.jsonl", prompts)
    run.attempt(1).root.mkdir()
    path = folder / "case.json"
    ids = [encode_prompt(tokenizer, [message.to_json() for message in prompt.messages]) for prompt in prompts]
    given = {
        "model": inputs["model"],
        "reward_model": inputs["reward_model"],
        "run_directory": str(run.root),
        "prompts": ids,
        "settings": settings.to_json(),
        "trl_micro_batch": trl_micro_batch,
        "device": settings.device,
        "precision": settings.precision,
        "threads": 1,
        "policy_directory": policy_directory,
    }
    path.write_text(json.dumps(given))
    return path


def make_prompts(case: Case, *, count: int) -> list[Prompt]:
    """Random letters, as many tokens each as the case says, the template's included."""
    draw = random.Random(0)
    spread = math.sqrt(2 * math.log(MEAN_PROMPT / MEDIAN_PROMPT))  # of a log-normal with this mean and median

    def length() -> int:
        if case.fixed_prompt:
            return case.fixed_prompt
        return min(max(round(draw.lognormvariate(math.log(MEDIAN_PROMPT), spread)), 8), LONGEST_PROMPT)

    def text() -> str:
        return "".join(draw.choices(string.ascii_lowercase, k=length() - TEMPLATE_TOKENS))

    return [Prompt(f"p{n}", (Message("user", text()),), "somebody", "", "train") for n in range(count)]


def make_policy(case: Case, tokenizer: PreTrainedTokenizerBase) -> LlamaForCausalLM:
    """An untrained model that ends a response with the same chance at each token.

    A bias in the last layer outweighs everything else in the residual stream, so the final hidden state is nearly the
    same everywhere; the end token's row of the unembedding reads it. Layers cost what they always cost.
    """
    size = MODELS[case.model]
    hidden, layers, heads = size.hidden_size, size.layers, size.heads
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY_SIZE,
            hidden_size=hidden,
            intermediate_size=hidden * 8 // 3,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            max_position_embeddings=CONTEXT,
            mlp_bias=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    direction = torch.nn.functional.normalize(torch.randn(hidden), dim=0)
    # Odds of ending to those of all other tokens, whose logits lie near 0; e⁻³⁰ never happens.
    logit = math.log((VOCABULARY_SIZE - 1) / (case.mean_response - 1)) if case.mean_response else -30.0
    with torch.no_grad():
        model.model.layers[-1].mlp.down_proj.bias.copy_(1000.0 * direction)
        model.lm_head.weight -= (model.lm_head.weight @ direction)[:, None] * direction
        model.lm_head.weight[tokenizer.eos_token_id] = logit / hidden**0.5 * direction
    return model
