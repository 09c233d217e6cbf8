"""The same short training, packed in the ways that are compared.

Every way runs the same container: Python in the sample trainer's image, about two seconds, four
steps, a metric printed at each, and a last line that tells when it was done.
"""

import os
from enum import StrEnum
from typing import Any, Final

from kubetune.api import names
from tests.cluster.target import IMAGES, image_of

STEPS: Final = 4
STEP_SECONDS: Final = 0.5
CONTAINER: Final = "train"
RESULTS: Final = "results"
"""The ConfigMap into which the hand-made sidecars write, one key per pod."""

ACCOUNT: Final = "hand-made"
TUNING_JOB: Final = "bench"


class Variant(StrEnum):
    """A way to run the trials."""

    BARE = "bare"
    TOKENLESS = "tokenless"
    SIDECAR = "sidecar"
    ANNOTATING = "annotating"
    STDOUT = "kubetune-stdout"
    ANNOTATION = "kubetune-annotation"

    @property
    def is_kubetune(self) -> bool:
        """True when Kubetune creates the Jobs, False when this script does."""
        return self in (Variant.STDOUT, Variant.ANNOTATION)

    @property
    def annotates(self) -> bool:
        """True when the training code patches its own pod."""
        return self in (Variant.ANNOTATING, Variant.ANNOTATION)


EXPLAINED: Final = {
    Variant.BARE: "Jobs with nothing beside the training container, created by this script",
    Variant.TOKENLESS: "bare, and the pod declines the account's token that every pod gets",
    Variant.SIDECAR: "bare with a minimal hand-made native sidecar that follows the log",
    Variant.ANNOTATING: "bare, and the training code patches an annotation of its pod",
    Variant.STDOUT: "Kubetune, source Stdout",
    Variant.ANNOTATION: "Kubetune, source Annotation, with the code of `annotating`",
}

_PRINTING = """\
import time
for epoch in range(1, {steps} + 1):
    time.sleep({seconds})
    print(f'epoch={{epoch}} score={{{x} * epoch}}', flush=True)
print('done', flush=True)
"""

_ANNOTATING = """\
import time
from annotation import PodAnnotation
with PodAnnotation.of_this_pod() as annotation:
    for epoch in range(1, {steps} + 1):
        time.sleep({seconds})
        print(f'epoch={{epoch}} score={{{x} * epoch}}', flush=True)
        annotation.report({{'step': epoch, 'score': {x} * epoch}})
print('done', flush=True)
"""

_SIDECAR = """\
import http.client, json, os, ssl, time
folder = '/var/run/secrets/kubernetes.io/serviceaccount/'
core, pod = '/api/v1/namespaces/' + os.environ['NAMESPACE'], os.environ['POD']
trust = ssl.create_default_context(cafile=folder + 'ca.crt')
trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
address = os.environ['KUBERNETES_SERVICE_HOST'], int(os.environ['KUBERNETES_SERVICE_PORT'])
headers = {
    'Authorization': 'Bearer ' + open(folder + 'token').read(),
    'Content-Type': 'application/merge-patch+json',
}
def ask(method, path, body=None):
    server = http.client.HTTPSConnection(*address, context=trust)
    server.request(method, core + path, body, headers)
    return server.getresponse()
def report(line):
    answer = ask('PATCH', '/configmaps/RESULTS', json.dumps({'data': {pod: line}}))
    assert answer.status == 200, answer.read()
log = ask('GET', '/pods/' + pod + '/log?container=CONTAINER&follow=true')
while log.status != 200:
    time.sleep(0.2)
    log = ask('GET', '/pods/' + pod + '/log?container=CONTAINER&follow=true')
last, reported = '', float('-inf')
for line in log:
    if b'score=' in line:
        last = line.decode().strip()
        if time.monotonic() - reported >= 5:
            report(last)
            reported = time.monotonic()
report(last)
"""
"""Reports the first value and the last, as ours does in two seconds; ends when the log ends."""

_RESTRICTED: Final = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def namespace(name: str) -> dict[str, Any]:
    """A namespace that admits restricted pods only, as in the end-to-end tests."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }


def rights(variant: Variant, space: str) -> list[tuple[str, dict[str, Any]]]:
    """What hand-made pods need before they can report: (plural, object), in order."""
    by_variant: dict[Variant, list[dict[str, list[str]]]] = {
        Variant.SIDECAR: [
            {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]},
        ],
        Variant.ANNOTATING: [{"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]}],
    }
    rules = by_variant.get(variant)
    if rules is None:
        return []
    meta = {"metadata": {"name": ACCOUNT}}
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    return [
        ("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", **meta}),
        ("roles", {**rbac, "kind": "Role", **meta, "rules": rules}),
        (
            "rolebindings",
            {
                **rbac,
                "kind": "RoleBinding",
                **meta,
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": ACCOUNT,
                },
                "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": space}],
            },
        ),
        (
            "configmaps",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": RESULTS}},
        ),
    ]


def job(variant: Variant, name: str) -> dict[str, Any]:
    """A Job of the hand-made ways.

    It says nothing about the account's token, as plain Jobs do, so that the kubelet mounts one.
    """
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 10,
        "containers": [_trainer(variant, x="0.5")],
    }
    if variant is Variant.TOKENLESS:
        pod["automountServiceAccountToken"] = False
    if variant in (Variant.SIDECAR, Variant.ANNOTATING):
        pod["serviceAccountName"] = ACCOUNT
    if variant is Variant.SIDECAR:
        pod["initContainers"] = [_sidecar()]
    if variant is Variant.ANNOTATING:
        pod["containers"][0]["env"] = [
            _field("KUBETUNE_NAMESPACE", "metadata.namespace"),
            _field("KUBETUNE_POD_NAME", "metadata.name"),
        ]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def tuning_job(variant: Variant, *, trials: int, parallel: int) -> dict[str, Any]:
    """The TuningJob that runs the same trials."""
    source = "Annotation" if variant is Variant.ANNOTATION else "Stdout"
    pod = {"containers": [_trainer(variant, x="$(params.x)")]}
    return {
        "apiVersion": names.API_VERSION,
        "kind": "TuningJob",
        "metadata": {"name": TUNING_JOB},
        "spec": {
            "objective": {"metric": "score", "goal": "Maximize"},
            "parameters": [{"name": "x", "type": "Float", "min": 0, "max": 1}],
            "strategy": {"type": "Random", "seed": 1},
            "limits": {"maxTrials": trials, "maxParallelTrials": parallel},
            "metrics": {"source": source},
            "trial": {"template": {"spec": {"template": {"spec": pod}}}},
        },
    }


def _trainer(variant: Variant, *, x: str) -> dict[str, Any]:
    code = _ANNOTATING if variant.annotates else _PRINTING
    return {
        "name": CONTAINER,
        "image": image_of(IMAGES[2], os.environ),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", code.format(steps=STEPS, seconds=STEP_SECONDS, x=x)],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": _RESTRICTED,
    }


def _sidecar() -> dict[str, Any]:
    code = _SIDECAR.replace("RESULTS", RESULTS).replace("CONTAINER", CONTAINER)
    return {
        "name": "sidecar",
        "image": image_of(IMAGES[1], os.environ),
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "command": ["python3", "-c", code],
        "env": [_field("NAMESPACE", "metadata.namespace"), _field("POD", "metadata.name")],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"memory": "32Mi"},
        },
        "securityContext": _RESTRICTED,
    }


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
