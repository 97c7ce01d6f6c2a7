"""`msgraph-sdk`: subscriptions; their encrypted notifications opened and their tokens checked by other code."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlparse

import httpx
import jwt
import pytest
from conftest import until
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription


def certificate():
    """A receiver's key and certificate, as any receiver makes them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bridge.example")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return key, base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def opened(key, content):
    """The resource in an encrypted notification: signature first, then decryption."""
    wrapped, data = (base64.b64decode(content[name]) for name in ("dataKey", "data"))
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    secret = key.decrypt(wrapped, oaep)
    assert len(secret) == 32
    signature = base64.b64encode(hmac.new(secret, data, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(signature, content["dataSignature"])
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    padded = cipher.update(data) + cipher.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return json.loads(unpadder.update(padded) + unpadder.finalize())


class Receiver:
    """Answers handshakes and keeps what it is sent."""

    def __init__(self, receive):
        self.batches = []
        self.handshakes = []
        self.url = receive(self.answer) + "/hook"

    def answer(self, path, headers, body):
        token = parse_qs(urlparse(path).query).get("validationToken")
        if token:
            self.handshakes.append(token[0])
            return 200, "text/plain", token[0].encode()
        self.batches.append(json.loads(body))
        return 202, "text/plain", b""

    def wait(self, wanted):
        def look():
            return [note for batch in self.batches for note in batch["value"] if wanted(note)]

        return until(look, "the notification")[0]


def subscription(contoso, receiver, **more):
    given = {
        "change_type": "created,updated,deleted",
        "notification_url": receiver.url,
        "lifecycle_notification_url": receiver.url,
        "resource": f"/teams/{contoso.team}/channels/{contoso.channel}/messages",
        "expiration_date_time": contoso.in_minutes(120),
        "client_state": "fake-state",
        **more,
    }
    return Subscription(**given)


async def test_an_encrypted_notification_opens_and_its_token_verifies(contoso, receive):
    receiver = Receiver(receive)
    key, public = certificate()
    client = contoso.client(roles=["ChannelMessage.Read.All"])
    made = await client.subscriptions.post(
        subscription(
            contoso,
            receiver,
            resource="/teams/getAllMessages",
            include_resource_data=True,
            encryption_certificate=public,
            encryption_certificate_id="c1",
        )
    )
    assert len(receiver.handshakes) == 2, "both addresses are validated"
    sent = contoso.act("Bob Roy", "post", text="secret")
    created = receiver.wait(lambda note: note["changeType"] == "created")
    assert (created["subscriptionId"], created["clientState"]) == (made.id, "fake-state")
    assert (created["tenantId"], created["encryptedContent"]["encryptionCertificateId"]) == (contoso.id, "c1")
    message = opened(key, created["encryptedContent"])
    assert (message["id"], message["body"]["content"]) == (sent["id"], "<p>secret</p>")
    assert "secret" not in json.dumps(receiver.batches)

    token = receiver.batches[0]["validationTokens"][0]
    login = contoso.sandbox.login
    found = httpx.get(f"{login}/common/v2.0/.well-known/openid-configuration", trust_env=False).json()
    keys = jwt.PyJWKSet.from_dict(httpx.get(found["jwks_uri"], trust_env=False).json())
    published = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        published.key,
        algorithms=["RS256"],
        audience=contoso.app["client_id"],
        issuer=f"https://sts.windows.net/{contoso.id}/",
    )
    assert claims.get("appid", claims.get("azp")) == "0bf30f3b-4a52-48df-9a82-234910c4a086"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, published.key, algorithms=["RS256"], audience=str(uuid.uuid4()))

    contoso.act("Bob Roy", "edit", message=sent["id"], text="changed")
    updated = receiver.wait(lambda note: note["changeType"] == "updated")
    assert opened(key, updated["encryptedContent"])["body"]["content"] == "<p>changed</p>"
    contoso.act("Bob Roy", "delete", message=sent["id"])
    receiver.wait(lambda note: note["changeType"] == "deleted")


async def test_a_subscriptions_life(contoso, receive):
    receiver = Receiver(receive)
    client = contoso.client("Ann Lee")
    made = await client.subscriptions.post(subscription(contoso, receiver))
    assert [one.id for one in (await client.subscriptions.get()).value] == [made.id]
    one = client.subscriptions.by_subscription_id(made.id)
    later = contoso.in_minutes(600)
    renewed = await one.patch(Subscription(expiration_date_time=later))
    assert renewed.expiration_date_time == later
    await one.reauthorize.post()
    sent = contoso.act("Bob Roy", "post", text="plain")
    created = receiver.wait(lambda note: note.get("changeType") == "created")
    assert created["resourceData"]["id"] == sent["id"] and "encryptedContent" not in created
    contoso.sandbox.post("/teams/lifecycle", event="missed", subscription=made.id)
    receiver.wait(lambda note: note.get("lifecycleEvent") == "missed")
    await one.delete()
    with pytest.raises(ODataError) as refused:
        await one.get()
    assert refused.value.response_status_code == 404


async def test_a_subscription_is_refused_for_what_is_wrong_with_it(contoso, receive):
    receiver = Receiver(receive)
    deaf = receive(lambda path, headers, body: (200, "text/plain", b"no echo")) + "/hook"
    client = contoso.client("Ann Lee")
    for more in (
        {"notification_url": deaf},
        {"lifecycle_notification_url": deaf},
        {"lifecycle_notification_url": None},
        {"expiration_date_time": contoso.in_minutes(4400)},
        {"client_state": "x" * 129},
        {"include_resource_data": True},
    ):
        with pytest.raises(ODataError) as refused:
            await client.subscriptions.post(subscription(contoso, receiver, **more))
        assert refused.value.response_status_code == 400, more
    with pytest.raises(ODataError) as refused:
        await client.subscriptions.post(subscription(contoso, receiver, resource="/teams/getAllMessages"))
    assert refused.value.response_status_code == 403
