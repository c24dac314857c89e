"""The page of screenshots shows every picture that the script takes, and no other."""

import re
from collections import defaultdict
from itertools import chain, product
from pathlib import Path

from scripts.pictured_pages import shots
from scripts.screenshots import SCHEMES, picture_name, sizes

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


def test_every_picture_is_there_and_shown() -> None:
    pictured = sizes(list(chain.from_iterable(shots("", defaultdict(int)).values())))
    wanted = sorted(picture_name(shot, width, scheme) for (shot, width), scheme in product(pictured, SCHEMES))
    shown = re.findall(r'<img src="([^"]+)"', (FOLDER / "README.md").read_text())
    assert wanted
    assert sorted(shown) == wanted
    assert sorted(path.name for path in FOLDER.glob("*.webp")) == wanted
