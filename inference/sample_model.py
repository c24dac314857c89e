"""Draw a sample run's responses from a model on this machine."""

from collections.abc import Sequence

import torch

from formats.records import Prompt, SampledResponse
from inference.errors import PromptError, PromptTooLong, SamplingError
from inference.models import LoadedModel, load_causal_lm, quiet_libraries
from inference.prompts import default_stop, encode_prompt
from inference.sample_run import SampleRun
from inference.sampling import Job, SamplingSettings, plan_batches, response_room, sample, sample_seed

# Whole ones of so many batches are kept: within, a prompt begins where another one's response has ended.
_BATCHES_TOGETHER = 8


def draw_from_model(run: SampleRun, location: str) -> None:
    """Draw what is missing, some batches at a time, each lot kept before the next begins.

    The lots are those of a run that was never interrupted, the whole ones skipped: a resumed run then computes the very
    same numbers even where the shape of a batch changes its rounding. In one lot for the whole run, which rows stand
    side by side would hang on what a run before had drawn.
    """
    quiet_libraries()
    torch.set_num_threads(run.config.threads)
    loaded = load_causal_lm(location, device=run.config.device, precision=run.config.precision)
    settings = SamplingSettings(
        max_new_tokens=run.config.max_response_tokens,
        temperature=run.config.temperature,
        top_p=run.config.top_p,
        stop=default_stop(loaded.tokenizer),
    )
    prompts, ids = _encode(run, loaded)
    counts = [run.config.responses_per_prompt] * len(prompts)
    run.tell("sample", force=True)
    together = run.config.batch_size * _BATCHES_TOGETHER
    for jobs in plan_batches([len(own) for own in ids], counts, batch_size=together):
        if any(run.is_missing(prompts[job.prompt], number) for job in jobs for number in job.numbers):
            run.add(_draw(run, loaded, settings, jobs, prompts=prompts, ids=ids))


def _encode(run: SampleRun, loaded: LoadedModel) -> tuple[list[Prompt], list[list[int]]]:
    """The prompts that leave room for a response, and their ids; the others are noted as failures."""
    prompts, encoded = [], []
    for prompt in run.prompts:
        try:
            ids = encode_prompt(loaded.tokenizer, [message.to_json() for message in prompt.messages])
            if response_room(loaded.model, len(ids), run.config.max_response_tokens) < 1:
                raise PromptTooLong(f"the prompt's {len(ids)} tokens leave no room in the model's context")
        except PromptError as error:
            run.fail(prompt, range(run.config.responses_per_prompt), error)
            continue
        prompts.append(prompt)
        encoded.append(ids)
    return prompts, encoded


def _draw(
    run: SampleRun,
    loaded: LoadedModel,
    settings: SamplingSettings,
    jobs: Sequence[Job],
    *,
    prompts: Sequence[Prompt],
    ids: Sequence[list[int]],
) -> list[SampledResponse]:
    """The responses of one lot that the run does not have yet."""
    seeds = [[sample_seed(run.config.seed, prompts[job.prompt].id, n) for n in job.numbers] for job in jobs]
    try:
        batch = sample(
            loaded.model,
            loaded.tokenizer,
            [ids[job.prompt] for job in jobs],
            seeds=seeds,
            settings=settings,
            batch_size=run.config.batch_size,
        )
    except torch.OutOfMemoryError as error:
        message = "the GPU has too little memory for this model and batch; lower the batch size"
        raise SamplingError(message, field="config.batch_size") from error
    return [
        SampledResponse(
            prompt_id=prompts[job.prompt].id,
            number=number,
            text=drawn.text,
            finish_reason=drawn.finish_reason,
            prompt_tokens=len(ids[job.prompt]),
            response_tokens=len(drawn.token_ids),
            seed=seed,
        )
        for job, own_seeds, samples in zip(jobs, seeds, batch.samples, strict=True)
        for number, seed, drawn in zip(job.numbers, own_seeds, samples, strict=True)
        if run.is_missing(prompts[job.prompt], number)
    ]
