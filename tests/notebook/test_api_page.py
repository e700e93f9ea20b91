"""The page of the public face says what the docstrings say, and documents all that is public."""

import re

import write_api_page

from resnet_explorer import notebook
from resnet_explorer.notebook import Net


def test_the_page_is_what_the_docstrings_say() -> None:
    assert write_api_page.PAGE.read_text(encoding="utf-8") == write_api_page.page(), "run packaging/write_api_page.py"


def test_all_that_is_public_is_on_the_page() -> None:
    page = write_api_page.page()
    assert all(re.search(rf"^##.*\b{name}\b", page, re.MULTILINE) for name in notebook.__all__)
    members = {name for name in vars(Net) if not name.startswith("_")} - {"spec", "image"}
    assert all(re.search(rf"^### `\.{name}\b", page, re.MULTILINE) for name in members)
