"""The two sides never load each other: the web runs without torch, the trainers without Django."""

import subprocess
import sys

DJANGO = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'labelapp.settings'; django.setup(); "
LOADED = "import sys; print(sorted({name.split('.')[0] for name in sys.modules} & set(%r)))"


def loaded(code: str, *, among: set[str]) -> str:
    """Run `code` in a fresh interpreter and return which of `among` it loaded."""
    process = subprocess.run(
        [sys.executable, "-c", code + LOADED % sorted(among)], check=True, capture_output=True, text=True
    )
    return process.stdout.strip()


def test_the_web_app_does_not_load_torch() -> None:
    code = (
        DJANGO
        + "import labelapp.urls, labelapp.wsgi; from django.urls import get_resolver; get_resolver().url_patterns; "
    )
    assert loaded(code, among={"torch", "transformers", "inference", "training", "labelapp"}) == "['labelapp']"


def test_looking_for_personal_data_does_not_load_torch() -> None:
    """Presidio would, where it is installed: 300 MB of each worker."""
    code = DJANGO + "from labelapp.prompts.scanning import findings; list(findings([{'content': 'a@b.co'}])); "
    assert loaded(code, among={"torch", "transformers", "presidio_analyzer"}) == "['presidio_analyzer']"


def test_the_torch_side_does_not_load_django() -> None:
    code = "import training.sft, training.reward_model, training.ppo, training.dpo, inference.sample, inference.tiny; "
    assert loaded(code, among={"django", "labelapp", "celery", "torch"}) == "['torch']"


def test_formats_loads_the_standard_library_only() -> None:
    code = "import formats, formats.configs, formats.records, formats.run_directory; "
    assert loaded(code, among={"django", "labelapp", "torch", "pyarrow", "numpy", "formats"}) == "['formats']"


def test_the_client_loads_httpx_alone() -> None:
    code = "import labelapp_client.command_line; "
    heavy = {"django", "labelapp", "formats", "inference", "training", "torch", "pyarrow", "datasets", "httpx"}
    assert loaded(code, among=heavy) == "['httpx']"
