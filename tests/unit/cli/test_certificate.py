"""The self-made certificate is made once and renewed in time."""

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509

from kurto_cli.stack.certificate import RENEW_BEFORE, VALID_FOR, ensure_certificate

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def serial(directory: Path) -> int:
    return x509.load_pem_x509_certificate((directory / "server.crt").read_bytes()).serial_number


def test_it_names_this_machine_and_the_host(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path, "plant.example", NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "plant.example"} <= set(names.get_values_for_type(x509.DNSName))
    addresses = names.get_values_for_type(x509.IPAddress)
    assert ipaddress.ip_address("127.0.0.1") in addresses
    assert files.private_key.stat().st_mode & 0o777 == 0o600


def test_a_good_one_is_kept(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, "127.0.0.1", NOW)
    first = serial(tmp_path)
    ensure_certificate(tmp_path, "127.0.0.1", NOW + VALID_FOR - RENEW_BEFORE - dt.timedelta(1))
    assert serial(tmp_path) == first


def test_it_is_renewed_before_it_expires(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, "127.0.0.1", NOW)
    first = serial(tmp_path)
    ensure_certificate(tmp_path, "127.0.0.1", NOW + VALID_FOR - RENEW_BEFORE)
    assert serial(tmp_path) != first


def test_another_host_gets_another_one(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, "127.0.0.1", NOW)
    first = serial(tmp_path)
    ensure_certificate(tmp_path, "10.1.2.3", NOW)
    assert serial(tmp_path) != first


@pytest.mark.parametrize("name", ["server.crt", "server.key"])
def test_a_damaged_one_is_replaced(tmp_path: Path, name: str) -> None:
    ensure_certificate(tmp_path, "127.0.0.1", NOW)
    first = serial(tmp_path)
    (tmp_path / name).write_text("damaged")
    ensure_certificate(tmp_path, "127.0.0.1", NOW)
    assert serial(tmp_path) != first
