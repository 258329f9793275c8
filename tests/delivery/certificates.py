"""A certificate authority and a signer's certificate, made for a test."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """PEM files: the signer's chain, its key, and the authority that is to be trusted."""
    now = datetime.datetime.now(datetime.UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = (_name(text) for text in ("Test authority", "Test shop"))

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        start = x509.CertificateBuilder().subject_name(subject).issuer_name(root_name).public_key(public)
        start = start.serial_number(x509.random_serial_number()).not_valid_before(now)
        start = start.not_valid_after(now + datetime.timedelta(days=2))
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        return start.add_extension(identifier, critical=False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )

    root = builder(root_name, root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = root.add_extension(_usage(signs_certificates=True), critical=True)
    leaf = builder(name, key.public_key())
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage(signs_certificates=False), critical=True)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
    pem = serialization.Encoding.PEM
    chain = [one.sign(root_key, hashes.SHA256()).public_bytes(pem) for one in (leaf, root)]
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = {"chain.pem": b"".join(chain), "key.pem": secret, "root.pem": chain[1]}
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder / "chain.pem", folder / "key.pem", folder / "root.pem"


def _name(text: str) -> x509.Name:
    attributes = {NameOID.COUNTRY_NAME: "DE", NameOID.ORGANIZATION_NAME: text, NameOID.COMMON_NAME: text}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes.items()])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
