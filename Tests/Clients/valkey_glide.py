"""valkey-glide, whose core is written in Rust."""
import asyncio
import sys

from glide import (
    Batch, ExpirySet, ExpiryType, GlideClient, GlideClientConfiguration, NodeAddress, ServerCredentials,
)

port = int(sys.argv[1])
name, password = (sys.argv[2:4] + [None, None])[:2]


async def main():
    messages = asyncio.Queue()
    addresses = [NodeAddress("127.0.0.1", port)]
    credentials = ServerCredentials(username=name, password=password) if password else None
    client = await GlideClient.create(GlideClientConfiguration(addresses, credentials=credentials, database_id=1))
    modes = GlideClientConfiguration.PubSubChannelModes
    listener = await GlideClient.create(
        GlideClientConfiguration(
            addresses, credentials=credentials,
            pubsub_subscriptions=GlideClientConfiguration.PubSubSubscriptions(
                channels_and_patterns={modes.Exact: {"news"}}, callback=lambda message, _: messages.put_nowait(message),
                context=None)))
    assert await client.set("a", "1", expiry=ExpirySet(ExpiryType.SEC, 60)) == "OK"
    assert await client.get("a") == b"1" and 0 < await client.ttl("a") <= 60
    assert await client.mget(["a", "b"]) == [b"1", None]
    assert await client.incr("a") == 2 and await client.append("a", "x") == 2
    batch = Batch(is_atomic=True)
    batch.set("t", "1")
    batch.incr("t")
    batch.get("t")
    assert await client.exec(batch, raise_on_error=True) == ["OK", 2, b"2"]
    cursor, found = b"0", set()
    while True:
        cursor, keys = await client.scan(cursor)
        found.update(keys)
        if cursor == b"0":
            break
    assert found >= {b"a", b"t"}, found
    for _ in range(100):
        if await client.publish("hello", "news"):
            break
        await asyncio.sleep(0.05)
    assert (await asyncio.wait_for(messages.get(), 5)).message == b"hello"
    assert await client.delete(["a", "t"]) == 2
    await client.close()
    await listener.close()


asyncio.run(main())
