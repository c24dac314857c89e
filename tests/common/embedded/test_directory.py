"""DATA_DIR: one line for each way in which it cannot be used."""

import os
import stat
from pathlib import Path

import pytest

from labelapp.common.embedded import DataDirectory, EmbeddedServiceError, directory


def test_a_second_instance_is_told_which_process_has_the_folder(tmp_path: Path) -> None:
    with (
        DataDirectory(tmp_path),
        pytest.raises(
            EmbeddedServiceError, match=rf"another labelapp \(pid {os.getpid()}\) runs on DATA_DIR {tmp_path}"
        ),
        DataDirectory(tmp_path),
    ):
        pytest.fail("two instances hold one folder")


def test_the_folder_is_free_again_after_its_instance(tmp_path: Path) -> None:
    with DataDirectory(tmp_path):
        pass
    with DataDirectory(tmp_path) as again:
        assert again.path == tmp_path


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(EmbeddedServiceError, match=r"cannot write to DATA_DIR .*File exists"):
        DataDirectory(tmp_path / "data").prepare()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "NEEDED_BYTES", 2**62)
    with pytest.raises(EmbeddedServiceError, match=r"the disk of DATA_DIR .* is full: \d+ MiB are free"):
        DataDirectory(tmp_path).prepare()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    monkeypatch.setattr(DataDirectory, "sockets", trap)
    with pytest.raises(EmbeddedServiceError, match="belongs to another user"):
        DataDirectory(tmp_path / "data").prepare()


def test_sockets_are_found_again_whatever_the_temporary_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    before = DataDirectory(deep).sockets
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert DataDirectory(deep).sockets == before
    assert len(os.fsencode(before / "postgres" / ".s.PGSQL.5432")) < 108


def test_others_cannot_list_the_folder(tmp_path: Path) -> None:
    DataDirectory(tmp_path / "data").prepare()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o711
