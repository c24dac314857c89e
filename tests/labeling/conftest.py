"""A workspace to label in, made with the product's own actions."""

import pytest

from tests.labeling.workspace import Labeler, Workspace


@pytest.fixture
def workspace(db: None) -> Workspace:
    """Provide a researcher, and ways to make labelers, prompts and projects."""
    return Workspace()


@pytest.fixture
def labeler(workspace: Workspace) -> Labeler:
    """Provide a labeler who is logged in."""
    return workspace.labeler()
