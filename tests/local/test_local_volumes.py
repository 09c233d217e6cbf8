from pathlib import PurePosixPath
from typing import Any

import pytest

from kubetune.local.volumes import Mount, mounts_of, relocated


def one_mount(volume: dict[str, Any], *, there: bool = False, **mount: Any) -> Mount:
    pod = {"volumes": [{"name": "v", **volume}]}
    container = {"volumeMounts": [{"name": "v", "mountPath": "/data/", **mount}]}
    (found,) = mounts_of(
        pod,
        container,
        own=PurePosixPath("/own"),
        shared=PurePosixPath("/shared"),
        exists=lambda _: there,
    )
    return found


@pytest.mark.parametrize(
    ("volume", "mount", "there", "want", "is_made"),
    [
        pytest.param({"emptyDir": {}}, {}, True, "/own/v", True, id="empty directory"),
        pytest.param({"emptyDir": {}}, {"subPath": "a/b"}, True, "/own/v/a/b", True, id="sub-path"),
        pytest.param({"ephemeral": {}}, {}, False, "/own/v", True, id="ephemeral"),
        pytest.param({"hostPath": {"path": "/mnt"}}, {}, False, "/mnt", False, id="host path"),
        pytest.param(
            {"persistentVolumeClaim": {"claimName": "c"}}, {}, False, "/shared/c", True, id="claim"
        ),
        pytest.param(
            {"persistentVolumeClaim": {"claimName": "c"}},
            {},
            True,
            "/data",
            False,
            id="a claim whose path exists here",
        ),
        pytest.param({"configMap": {"name": "m"}}, {}, False, "/data", False, id="config map"),
        pytest.param({"nfs": {"server": "s"}}, {}, False, "/data", False, id="network"),
    ],
)
def test_a_directory_stands_for_a_volume(
    volume: dict[str, Any],
    mount: dict[str, Any],
    there: bool,  # noqa: FBT001  a column of the table
    want: str,
    is_made: bool,  # noqa: FBT001  and another
) -> None:
    found = one_mount(volume, there=there, **mount)
    assert (found.path, found.local, found.is_made) == ("/data", want, is_made)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("/data", "/own/v", id="the path alone"),
        pytest.param("--out=/data/m.jsonl", "--out=/own/v/m.jsonl", id="below it"),
        pytest.param("/data:/data/x,/data", "/own/v:/own/v/x,/own/v", id="several"),
        pytest.param("/dataset /data2 /data-1 /data.bak", None, id="other names"),
        pytest.param("/big/data x/data ~/data", None, id="other places"),
        pytest.param("/data/inner/x", "/inner/x", id="the longest mount wins"),
    ],
)
def test_a_path_below_a_mount_is_written_anew(text: str, want: str | None) -> None:
    mounts = [
        Mount(volume="v", kind="emptyDir", path="/data", local="/own/v"),
        Mount(volume="w", kind="emptyDir", path="/data/inner", local="/inner"),
    ]
    assert relocated(text, mounts) == (text if want is None else want)
