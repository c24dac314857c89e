"""Filling the app's form fields as a person does."""

from playwright.sync_api import Locator, Page


def choose(scope: Page | Locator, label: str, option: str) -> None:
    """Choose from the list of a select field; `option` may be the beginning of what the list says."""
    page = scope if isinstance(scope, Page) else scope.page
    scope.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option).first.click()


def fill(scope: Page | Locator, **values: str) -> None:
    """Type into text fields; the names are the fields' labels with underscores for spaces."""
    for name, value in values.items():
        scope.get_by_role("textbox", name=name.replace("_", " "), exact=True).fill(value)
