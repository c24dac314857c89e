"""What a sample run is told to do."""

from dataclasses import dataclass

from formats.codec import join
from formats.errors import FormatError
from formats.settings import setting
from formats.shared_settings import LENGTHS, Computing


@dataclass(frozen=True, slots=True)
class SampleConfig(Computing):
    """Draw K responses a prompt from a model directory, a hub name or an OpenAI-compatible endpoint."""

    responses_per_prompt: int = setting(
        4,
        label="Responses per prompt",
        group="basic",
        minimum=1,
        maximum=64,
        source="Paper: K is 4 to 9.",
        help="How many answers to draw for each prompt; a labeler ranks them together.",
    )
    temperature: float = setting(
        1.0,
        label="Temperature",
        group="basic",
        minimum=0.0,
        maximum=5.0,
        source="Paper: 1.",
        help="1 samples from the model as it is, less makes answers more alike, 0 always takes the likeliest token.",
    )
    top_p: float = setting(
        1.0,
        label="Top-p",
        minimum=0.01,
        maximum=1.0,
        source="Paper: not used.",
        help="Sample only among the likeliest tokens that together have this probability; 1 keeps all.",
    )
    max_response_tokens: int = setting(
        1024,
        label="Longest response",
        group="basic",
        unit="tokens",
        minimum=1,
        maximum=32768,
        source=LENGTHS,
        help="A response that reaches this length is cut and marked so.",
    )
    batch_size: int = setting(
        32,
        label="Batch size",
        unit="responses",
        minimum=1,
        maximum=4096,
        help="How many responses a local model writes at once; more is faster and needs more memory.",
    )
    endpoint_url: str = setting(
        "",
        label="Endpoint URL",
        help="Base URL of an OpenAI-compatible server, ending in /v1. Empty samples from the run's own model.",
    )
    endpoint_model: str = setting(
        "",
        label="Endpoint model",
        help="The name by which the endpoint knows the model.",
    )
    endpoint_timeout_seconds: float = setting(
        60.0,
        label="Endpoint timeout",
        unit="seconds",
        minimum=0.1,
        maximum=3600.0,
        help="How long to wait for one answer of the endpoint before trying again.",
    )
    endpoint_retries: int = setting(
        4,
        label="Endpoint retries",
        minimum=0,
        maximum=20,
        help="How often to ask again, with growing pauses, when the endpoint is busy or fails.",
    )
    endpoint_concurrency: int = setting(
        8,
        label="Endpoint concurrency",
        unit="requests",
        minimum=1,
        maximum=256,
        help="How many requests may be open at the endpoint at the same time.",
    )

    def check_rules(self, field: str) -> None:
        if self.endpoint_url and not self.endpoint_url.startswith(("http://", "https://")):
            raise FormatError(join(field, "endpoint_url"), "must start with http:// or https://")
        if self.endpoint_url and not self.endpoint_model:
            raise FormatError(join(field, "endpoint_model"), "is required when an endpoint URL is given")
        if self.endpoint_model and not self.endpoint_url:
            raise FormatError(join(field, "endpoint_url"), "is required when an endpoint model is given")
