"""What a GitOps controller does with one manifest."""

import yaml

from tests.e2e.tuning_jobs import Jobs


class Tool:
    """Applies and compares one manifest as a GitOps controller does: server-side, by its name."""

    def __init__(self, jobs: Jobs, manifest: dict[str, object]) -> None:
        self._jobs = jobs
        self._text = yaml.safe_dump(manifest)

    def apply(self) -> None:
        """Apply, taking over what others changed."""
        options = ("--server-side", "--field-manager=gitops", "--force-conflicts")
        self._jobs.kubectl("apply", *options, "-f", "-", stdin=self._text)

    def drift(self) -> str:
        """Return what applying again would change."""
        options = ("--server-side", "--field-manager=gitops", "--force-conflicts")
        server_side = self._jobs.kubectl("diff", *options, "-f", "-", stdin=self._text, check=False)
        return server_side + self._jobs.kubectl("diff", "-f", "-", stdin=self._text, check=False)
