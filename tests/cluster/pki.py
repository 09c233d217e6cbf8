"""Keys, certificates and kubeconfigs of the cluster, made when they are not there yet.

One certificate authority signs everything. All of it lives in the state folder, readable by root
alone, and goes with it.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.cluster.layout import (
    API_PORT,
    API_SERVICE_IP,
    CONTEXT_NAME,
    NODE_IP,
    NODE_NAME,
    Layout,
)

VALID_FOR: Final = dt.timedelta(days=3650)
API_SERVER_URL: Final = f"https://{NODE_IP}:{API_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a certificate speaks for: `user` and `groups` to the API server, `names` to clients.

    `names` are the host names and addresses that the holder serves under; none for a mere client.
    """

    file: str
    user: str
    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


IDENTITIES: Final = (
    Identity(file="admin", user="kubetune-admin", groups=("system:masters",)),
    Identity(
        file="kube-apiserver",
        user="kube-apiserver",
        names=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "localhost",
            API_SERVICE_IP,
            NODE_IP,
            "127.0.0.1",
        ),
    ),
    Identity(file="kubelet-client", user="kube-apiserver-kubelet", groups=("system:masters",)),
    Identity(file="kube-controller-manager", user="system:kube-controller-manager"),
    Identity(file="kube-scheduler", user="system:kube-scheduler"),
    Identity(file="kube-proxy", user="system:kube-proxy"),
    Identity(file="kubelet", user=f"system:node:{NODE_NAME}", groups=("system:nodes",)),
    Identity(file="kubelet-server", user=NODE_NAME, names=(NODE_NAME, NODE_IP)),
    Identity(file="etcd", user="etcd", names=("localhost", "127.0.0.1")),
)
CLIENTS_OF_API_SERVER: Final = (
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
)


def kubeconfig_of(layout: Layout, client: str) -> Path:
    """The kubeconfig of a component."""
    return layout.config / f"{client}.kubeconfig"


def write_pki(layout: Layout, *, now: dt.datetime) -> None:
    """Make every key, certificate and kubeconfig, unless a former call has finished doing so."""
    done = layout.pki / "complete"
    if done.exists():
        return
    layout.pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, now)
    _write_pair(layout.pki, "ca", authority_key, authority)
    for identity in IDENTITIES:
        key = ec.generate_private_key(ec.SECP256R1())
        _write_pair(
            layout.pki, identity.file, key, _signed(identity, key, authority_key, authority, now)
        )
    signer = ec.generate_private_key(ec.SECP256R1())
    _write_private(layout.pki / "service-accounts.key", _private_pem(signer))
    public = signer.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (layout.pki / "service-accounts.pub").write_bytes(public)
    layout.config.mkdir(parents=True, exist_ok=True)
    for client in CLIENTS_OF_API_SERVER:
        _write_kubeconfig(layout, client, kubeconfig_of(layout, client))
    _write_kubeconfig(layout, "admin", layout.kubeconfig)
    done.touch()


def _authority(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubetune-cluster-ca")])
    return (
        _builder(name, name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signed(
    identity: Identity,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    now: dt.datetime,
) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
        + [x509.NameAttribute(NameOID.COMMON_NAME, identity.user)]
    )
    builder = (
        _builder(subject, authority.subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            # etcd and the API server's own kubelet client both serve and call with one pair.
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            ),
            critical=False,
        )
    )
    if identity.names:
        builder = builder.add_extension(_alternative_names(identity.names), critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # An hour back: a clock that is put right just now must not make them "not yet valid".
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + VALID_FOR)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(general)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _write_pair(
    folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    _write_private(folder / f"{name}.key", _private_pem(key))
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _write_kubeconfig(layout: Layout, client: str, path: Path) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT_NAME,
        "clusters": [
            {
                "name": CONTEXT_NAME,
                "cluster": {
                    "server": API_SERVER_URL,
                    "certificate-authority": str(layout.pki / "ca.crt"),
                },
            }
        ],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate": str(layout.pki / f"{client}.crt"),
                    "client-key": str(layout.pki / f"{client}.key"),
                },
            }
        ],
        "contexts": [
            {"name": CONTEXT_NAME, "context": {"cluster": CONTEXT_NAME, "user": client}},
        ],
    }
    _write_private(path, yaml.safe_dump(document, sort_keys=False).encode())
