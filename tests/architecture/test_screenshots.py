"""The page of screenshots shows every picture there is, and no other."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


def test_every_picture_is_shown() -> None:
    shown = re.findall(r'<img src="([^"]+)"', (FOLDER / "README.md").read_text())
    assert sorted(shown) == sorted(path.name for path in FOLDER.glob("*.webp"))


def test_every_page_is_shown_in_both_widths_and_schemes() -> None:
    pictures = re.findall(r'<img src="(.+)-(1440|390)-(light|dark)\.webp"', (FOLDER / "README.md").read_text())
    kinds = {(width, scheme) for width in ("1440", "390") for scheme in ("light", "dark")}
    assert pictures
    for page in {name for name, *_ in pictures}:
        assert {(width, scheme) for name, width, scheme in pictures if name == page} == kinds
