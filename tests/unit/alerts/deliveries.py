"""A notification that is to be tried now, and a certificate to try it with."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kurto_alerts.delivery.notices import Kind, Notification, State
from kurto_alerts.delivery.policy import Receiver, Secrets
from kurto_alerts.delivery.ports import Delivery
from kurto_alerts.rules import Severity

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def delivery_to(receiver: Receiver, secrets: Secrets | None = None) -> Delivery:
    content = {
        "summary": "pump: 1 WARNING",
        "alerts": [],
        "alert_count": 0,
        "time": NOW.isoformat(),
        "idempotency_key": "a:1:r",
        "transitions": [],
    }
    notification = Notification(
        notification_id=1,
        idempotency_key="a:1:r",
        receiver_id=receiver.receiver_id,
        machine_id="pump",
        kind=Kind.CHANGES,
        state=State.PENDING,
        severity=Severity.WARNING,
        must_deliver=False,
        summary="pump: 1 WARNING",
        content=content,
        create_time=NOW,
    )
    return Delivery(notification=notification, receiver=receiver, secrets=secrets or Secrets())


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1; return it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private
