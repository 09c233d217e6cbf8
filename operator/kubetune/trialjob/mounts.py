"""Volumes and mounts that are added to a pod, in place, beside those of the template."""

from typing import Any

TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  a path, no secret
TOKEN_SECONDS = 3600
TOKEN_VOLUME = "kubetune-token"  # noqa: S105  a volume's name


def token_volume() -> dict[str, Any]:
    """Return the volume with the token by which a pod reports."""
    token = {"path": "token", "expirationSeconds": TOKEN_SECONDS}
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return {
        "name": TOKEN_VOLUME,
        "projected": {
            # Readable by any user: training images choose their own.
            "defaultMode": 0o444,
            "sources": [{"serviceAccountToken": token}, {"configMap": authority}],
        },
    }


def add_volume(pod: dict[str, Any], volume: dict[str, Any]) -> None:
    """Add a volume to a pod."""
    pod["volumes"] = [*(pod.get("volumes") or []), volume]


def mount_at(container: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Return the mount that a container has at a path; None if it has none."""
    mounts: list[dict[str, Any]] = container.get("volumeMounts") or []
    return next((mount for mount in mounts if mount.get("mountPath") == path), None)


def add_mount(
    container: dict[str, Any], volume: str, path: str, *, read_only: bool = False
) -> dict[str, Any]:
    """Mount a volume of the pod in a container and return the mount."""
    mount = {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}
    container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    return mount
