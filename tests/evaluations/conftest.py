from tests.labeling.conftest import *  # noqa: F403
