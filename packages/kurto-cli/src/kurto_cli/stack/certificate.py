"""A self-made certificate for the TLS port, kept in the data directory."""

import contextlib
import datetime as dt
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = dt.timedelta(days=90)
RENEW_BEFORE = dt.timedelta(days=14)


@dataclass(frozen=True)
class CertificateFiles:
    """Where the certificate and its private key stand, PEM."""

    certificate: Path
    private_key: Path


def ensure_certificate(directory: Path, host: str, now: dt.datetime) -> CertificateFiles:
    """Make a certificate unless a good one is there.

    Parameters
    ----------
    directory : Path
        Where it's kept.
    host : str
        Name or address that the stack listens on; added to those of this machine.
    now : datetime
        Current time, UTC.

    Returns
    -------
    CertificateFiles
        A certificate for all names that is valid for two more weeks at least.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = CertificateFiles(directory / "server.crt", directory / "server.key")
    names = _names(host)
    if not _is_good(files, names, now):
        _make(files, names, now)
    return files


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for name in dict.fromkeys(("localhost", socket.gethostname(), "127.0.0.1", "::1", host)):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            names.append(x509.DNSName(name))
    return names


def _is_good(files: CertificateFiles, names: list[x509.GeneralName], now: dt.datetime) -> bool:
    try:
        key = serialization.load_pem_private_key(files.private_key.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    fits = certificate.public_key() == key.public_key() and set(names) <= set(held)
    return fits and now + RENEW_BEFORE < certificate.not_valid_after_utc


def _make(files: CertificateFiles, names: list[x509.GeneralName], now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kurto local stack")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of other machines may be a little behind.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_private(files.private_key, private)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_private(path: Path, content: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
