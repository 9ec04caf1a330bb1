"""redis-py and valkey-glide over TLS with certificates on both sides, as each of our daemon's own users.

Arguments: port, a folder with ca.pem, client.pem and client.key.
"""
import asyncio
import sys

import redis
from glide import (
    AdvancedGlideClientConfiguration, Batch, ExpirySet, ExpiryType, GlideClient, GlideClientConfiguration, NodeAddress,
    RequestError, ServerCredentials, TlsAdvancedConfiguration)

port, folder = int(sys.argv[1]), sys.argv[2]
def file(name): return open(f"{folder}/{name}", "rb").read()

async def connect(user):
    tls = TlsAdvancedConfiguration(
        root_pem_cacerts=file("ca.pem"), client_cert_pem=file("client.pem"), client_key_pem=file("client.key"))
    return await GlideClient.create(GlideClientConfiguration(
        [NodeAddress("localhost", port)], use_tls=True, request_timeout=5000,
        credentials=ServerCredentials(f"secret-{user}", user),
        advanced_config=AdvancedGlideClientConfiguration(tls_config=tls)))

async def refused(call):
    try: await call
    except RequestError as error: return "NOPERM" in str(error) or "permission" in str(error)

async def main():
    writer = await connect("writer")
    hour = ExpirySet(ExpiryType.SEC, 3600)
    assert await writer.set("revoked:jti:glide", "logout", expiry=hour) == "OK"
    batch = Batch(is_atomic=False)
    for number in range(2000): batch.set(f"revoked:jti:glide-{number}", "x" * 100, expiry=hour)
    assert await writer.exec(batch, raise_on_error=True) == ["OK"] * 2000
    assert await refused(writer.delete(["revoked:jti:glide"]))

    reader = await connect("reader")
    keys = [f"revoked:jti:glide-{number}" for number in range(400)]
    answers = await asyncio.gather(*(reader.get(key) for key in keys), *(reader.exists([key]) for key in keys))
    assert answers == [b"x" * 100] * 400 + [1] * 400
    assert await reader.mget(["revoked:jti:glide", "revoked:jti:none"]) == [b"logout", None]
    assert await reader.ttl("revoked:jti:glide") > 3500
    assert await refused(reader.set("revoked:jti:x", "x", expiry=hour)) and await refused(reader.get("other"))

    admin = await connect("admin")
    assert await admin.custom_command(["ACL", "WHOAMI"]) == b"admin"
    assert await admin.delete(["revoked:jti:glide"]) == 1
    for client in writer, reader, admin: await client.close()

for protocol in (2, 3):
    client = redis.Redis(
        host="localhost", port=port, ssl=True, ssl_ca_certs=f"{folder}/ca.pem", ssl_certfile=f"{folder}/client.pem",
        ssl_keyfile=f"{folder}/client.key", username="writer", password="secret-writer", protocol=protocol)
    assert client.setex("revoked:jti:redis-py", 60, "logout") and client.exists("revoked:jti:redis-py") == 1
    for forbidden in (lambda: client.delete("revoked:jti:redis-py"), lambda: client.set("plain", 1), client.flushall):
        try:
            forbidden()
            raise AssertionError("a writer did what it may not")
        except redis.exceptions.NoPermissionError:
            pass
    client.close()

asyncio.run(main())
