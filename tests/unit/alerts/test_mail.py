"""Mail goes encrypted and logged in to a real server, and a failure says what to change."""

import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.integration.alerts.delivery_receivers import mail_server
from tests.unit.alerts.deliveries import certificate, delivery_to

from kurto_alerts.delivery.mail import MailSender
from kurto_alerts.delivery.notices import Outcome
from kurto_alerts.delivery.policy import Mail, MailSecurity, Receiver, Secrets

PASSWORD = "a-good-password"


def mail(security: MailSecurity, port: int, **parts: Any) -> Mail:
    values = {
        "host": "127.0.0.1",
        "user_name": "",
        "sender": "kurto@example.org",
        "recipients": ("anna@example.org",),
    }
    return Mail(security=security, port=port, **{**values, **parts})


def authenticate(*args: Any) -> AuthResult:
    given = args[-1]
    assert isinstance(given, LoginPassword)
    known = (given.login, given.password) == (b"kurto", PASSWORD.encode())
    return AuthResult(success=known, handled=False)


class Certified:
    """A server's certificate, and who trusts it."""

    def __init__(self, folder: Path) -> None:
        public, private = certificate(folder)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(public, private)
        self.trusting = ssl.create_default_context(cafile=str(public))

    async def send(self, channel: Mail, password: str = "", *, trusting: bool = True) -> Outcome:
        tls = self.trusting if trusting else ssl.create_default_context()
        receiver = Receiver(receiver_id="r", channel=channel)
        delivery = delivery_to(receiver, Secrets(password=password))
        outcome = await MailSender(timeout_s=20.0, tls=tls).send(delivery)
        assert outcome.delivered == (outcome.error == "")
        assert PASSWORD not in outcome.error
        return outcome


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    return Certified(tmp_path)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # there is TLS
@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
async def test_mail_goes_encrypted_and_logged_in(
    certified: Certified, security: MailSecurity
) -> None:
    implicit = certified.server if security is MailSecurity.TLS else None
    explicit = None if implicit else certified.server
    async with mail_server(
        implicit_tls=implicit,
        tls_context=explicit,
        require_starttls=explicit is not None,
        auth_required=True,
        # aiosmtpd does not know of TLS that was there before it.
        auth_require_tls=explicit is not None,
        authenticator=authenticate,
    ) as box:
        channel = mail(security, box.port, user_name="kurto")
        assert (await certified.send(channel, PASSWORD)).delivered
        wrong = await certified.send(channel, "another-password")
        assert wrong.status_code == 535
        assert wrong.error.endswith("correct the receiver's user_name and password")
        nobody = await certified.send(replace(channel, user_name=""))
        assert nobody.status_code == 530
        assert nobody.error.endswith("give the receiver a user_name and a password")
        assert [str(message["To"]) for message in box.messages] == ["anna@example.org"]


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
async def test_servers_nobody_vouches_for_get_nothing(
    certified: Certified, security: MailSecurity
) -> None:
    implicit = certified.server if security is MailSecurity.TLS else None
    async with mail_server(implicit_tls=implicit, tls_context=certified.server) as box:
        refused = await certified.send(mail(security, box.port), trusting=False)
        assert "is not trusted (self-signed certificate)" in refused.error
        assert "KURTO_ALERTS_DELIVERY_CA_FILE" in refused.error
        assert box.messages == []


async def test_nothing_is_sent_in_the_clear_where_that_was_not_meant(certified: Certified) -> None:
    async with mail_server() as box:
        downgraded = await certified.send(mail(MailSecurity.STARTTLS, box.port))
        assert downgraded.error == (
            f"127.0.0.1:{box.port} offers no STARTTLS; set the receiver's security to TLS, mostly"
            " with port 465"
        )
        wrong_port = await certified.send(mail(MailSecurity.TLS, box.port))
        assert "check the receiver's port and security" in wrong_port.error
        assert box.messages == []


async def test_a_server_that_wants_tls_is_told_from_one_that_is_not_there(
    certified: Certified,
) -> None:
    async with mail_server(tls_context=certified.server, require_starttls=True) as box:
        plain = await certified.send(mail(MailSecurity.PLAIN, box.port))
        assert plain.status_code == 530
        assert "set security to STARTTLS or TLS" in plain.error
        assert box.messages == []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    nobody = await certified.send(mail(MailSecurity.PLAIN, port))
    assert nobody.error.startswith(f"cannot reach 127.0.0.1:{port} (")
    assert nobody.error.endswith("check the receiver's host and port")


async def test_what_a_server_says_is_kept(certified: Certified) -> None:
    async with mail_server() as box:
        box.plan.append("452 4.2.2 mailbox full")
        full = await certified.send(mail(MailSecurity.PLAIN, box.port))
    assert (full.status_code, full.error) == (452, "SMTP 452: 4.2.2 mailbox full")
