"""Draw a sample run's responses from an OpenAI-compatible endpoint."""

import asyncio
import os
from collections.abc import Iterator

from formats.records import Prompt, SampledResponse
from inference.endpoint import (
    API_KEY_VARIABLE,
    EndpointClient,
    EndpointError,
    EndpointRejected,
    EndpointSettings,
    EndpointUnavailable,
)
from inference.process import run_until_stopped
from inference.sample_run import SampleRun
from inference.sampling import sample_seed

# So many failures in a row, each after all its retries, mean that the server is gone and not that one prompt is odd.
_GIVE_UP_AFTER = 8
# So many refusals before the first response mean that the settings are refused, and not these prompts.
_GIVE_UP_AFTER_REFUSALS = 32


def draw_from_endpoint(run: SampleRun) -> None:
    """Draw what is missing, several requests at a time, each response kept as it comes.

    One that cannot be had is noted, and the rest goes on. Raises EndpointMisconfigured at once, EndpointUnavailable
    where nothing comes any more; what came before is kept.
    """
    config = run.config
    settings = EndpointSettings(
        url=config.endpoint_url,
        model=config.endpoint_model,
        max_tokens=config.max_response_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        timeout_seconds=config.endpoint_timeout_seconds,
        retries=config.endpoint_retries,
        concurrency=config.endpoint_concurrency,
    )
    run.tell("sample", force=True)
    run_until_stopped(_draw_all(run, settings, api_key=os.environ.get(API_KEY_VARIABLE, "")))


async def _draw_all(run: SampleRun, settings: EndpointSettings, *, api_key: str) -> None:
    wanted = _wanted(run)
    drawer = _Drawer(run)
    async with EndpointClient(settings, api_key=api_key) as client:
        try:
            async with asyncio.TaskGroup() as group:
                # As many workers as requests may be open: a million prompts do not become a million tasks.
                for _ in range(settings.concurrency):
                    group.create_task(drawer.work(client, wanted))
        except* EndpointError as errors:
            raise errors.exceptions[0] from None


class _Drawer:
    """What the workers share: the run, and how many failures came in a row."""

    def __init__(self, run: SampleRun) -> None:
        self._run = run
        self._failures_in_a_row = 0

    async def work(self, client: EndpointClient, wanted: Iterator[tuple[Prompt, int]]) -> None:
        """Draw the next wanted response, until there is none."""
        for prompt, number in wanted:
            try:
                self._run.add([await self._draw(client, prompt, number)])
                self._failures_in_a_row = 0
            except EndpointRejected as error:
                self._run.fail(prompt, [number], error)
                if len(self._run.ledger) == 0 and len(self._run.failures) >= _GIVE_UP_AFTER_REFUSALS:
                    raise
            except EndpointUnavailable as error:
                self._run.fail(prompt, [number], error)
                self._failures_in_a_row += 1
                if self._failures_in_a_row >= _GIVE_UP_AFTER:
                    raise

    async def _draw(self, client: EndpointClient, prompt: Prompt, number: int) -> SampledResponse:
        seed = sample_seed(self._run.config.seed, prompt.id, number)
        completion = await client.complete([message.to_json() for message in prompt.messages], seed=seed)
        return SampledResponse(
            prompt_id=prompt.id,
            number=number,
            text=completion.text,
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            response_tokens=completion.response_tokens,
            seed=seed,
        )


def _wanted(run: SampleRun) -> Iterator[tuple[Prompt, int]]:
    """All responses of a prompt one after the other, while the server still has its prefix in its cache."""
    for prompt in run.prompts:
        for number in range(run.config.responses_per_prompt):
            if run.is_missing(prompt, number):
                yield prompt, number
