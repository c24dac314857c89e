"""What can go wrong in inference, as errors that carry a stable code and say what to do."""


class InferenceError(Exception):
    """A problem the person who started the command can act on: its text names what is wrong.

    `field` is the dotted setting or input to change, or empty.
    """

    code = "inference_error"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class ModelError(InferenceError):
    """A model or tokenizer that cannot be used: missing, pickled, of the wrong architecture, incomplete."""

    code = "model_error"


class PromptError(InferenceError):
    """Messages that cannot be turned into a prompt for this model."""

    code = "prompt_error"


class PromptTooLong(PromptError):
    """A prompt that does not fit: left out, as the paper does, not cut."""

    code = "prompt_too_long"


class SamplingError(InferenceError):
    """Settings that mean nothing, or a model that gave numbers that are not probabilities."""

    code = "sampling_error"
