"""The same workspace as the labeling tests use."""

from tests.labeling.conftest import labeler, workspace

__all__ = ["labeler", "workspace"]
