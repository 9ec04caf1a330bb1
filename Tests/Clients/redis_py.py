"""redis-py: transactions, locks, push messages."""
import sys
import threading

import redis

port = int(sys.argv[1])
for protocol in (2, 3):
    client = redis.Redis(port=port, db=1, protocol=protocol, decode_responses=True)
    client.flushdb()
    with client.pipeline() as pipe:
        assert pipe.set("a", 1).incr("a").get("a").execute() == [True, 2, "2"]
        pipe.watch("a")
        value = int(pipe.get("a"))
        client.set("a", 10)
        pipe.multi()
        pipe.set("a", value + 1)
        try:
            pipe.execute()
            raise AssertionError("a watched key was changed")
        except redis.WatchError:
            pass
    assert client.get("a") == "10"

    def add(pipe):
        value = int(pipe.get("a"))
        pipe.multi()
        pipe.set("a", value + 1)

    threads = [threading.Thread(target=lambda: [client.transaction(add, "a") for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get("a") == "90"

    lock = client.lock("lock", timeout=10)
    assert lock.acquire() and not client.lock("lock", timeout=10).acquire(blocking=False)
    assert lock.extend(10) and lock.reacquire() and lock.owned()
    lock.release()
    assert client.exists("lock") == 0

    with client.pubsub() as pubsub:
        pubsub.subscribe("news")
        pubsub.psubscribe("n*")
        assert [pubsub.get_message(timeout=5)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
        assert client.publish("news", "hello") == 2
        assert {pubsub.get_message(timeout=5)["type"] for _ in range(2)} == {"message", "pmessage"}

    assert set(client.scan_iter("a*")) == {"a"}
    assert client.getex("a", ex=100) == "90" and client.getset("a", "1") == "90" and client.append("a", "2") == 2
    assert client.getrange("a", 0, 0) == "1" and client.incrbyfloat("a", 0.5) == 12.5
    assert client.mset({"x": 1, "y": 2}) and client.msetnx({"x": 1, "z": 2}) is False
    assert client.mget("x", "y", "z") == ["1", "2", None]
    assert client.rename("x", "w") and client.dbsize() == 3
