"""What a run says of itself reaches its row while it runs."""

from pathlib import Path

from formats.run_directory import AttemptDirectory, append_metrics
from labelapp.runs.progress import Progress


def test_warnings_reach_the_summary_beside_the_figures(tmp_path: Path) -> None:
    attempt = AttemptDirectory(tmp_path, 1)
    progress = Progress(attempt)
    attempt.write_status(phase="train", step=1, total_steps=9, eta_seconds=None)
    with attempt.metrics_path.open("a") as file:
        append_metrics(file, step=1, time=0.0, values={"kl_nats": 1.5})
    first = progress.read()
    assert first["summary"] == {"kl_nats": 1.5}
    assert "warnings" not in first, "it is no field of the row"
    attempt.write_status(phase="train", step=1, total_steps=9, eta_seconds=None, warnings=["It drifts."])
    assert progress.read() == {"summary": {"kl_nats": 1.5, "warnings": ["It drifts."]}}
    assert progress.read() == {}
