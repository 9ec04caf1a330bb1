"""Flask-Session, fastapi-users and coredis with its cache: sessions and tokens of other people's programs."""
import asyncio
import sys
import uuid

import coredis
import coredis.cache
import flask
import flask_session
import redis
import redis.asyncio
from fastapi_users.authentication import RedisStrategy

port = int(sys.argv[1])

app = flask.Flask(__name__)
app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.Redis(port=port, db=1))
flask_session.Session(app)


@app.route("/count")
def count():
    flask.session["count"] = flask.session.get("count", 0) + 1
    return str(flask.session["count"])


@app.route("/leave")
def leave():
    flask.session.clear()
    return ""


browser = app.test_client()
assert [browser.get("/count").text for _ in range(3)] == ["1", "2", "3"]
assert app.test_client().get("/count").text == "1"
browser.get("/leave")
assert browser.get("/count").text == "1"


class User:
    id = uuid.uuid4()


class Users:
    def parse_id(self, value):
        return uuid.UUID(value)

    async def get(self, id):
        assert id == User.id
        return User


async def tokens():
    client = redis.asyncio.Redis(port=port, decode_responses=True)
    strategy = RedisStrategy(client, lifetime_seconds=60)
    token = await strategy.write_token(User)
    assert await strategy.read_token(token, Users()) is User
    await strategy.destroy_token(token, User)
    assert await strategy.read_token(token, Users()) is None
    await client.aclose()


async def cached():
    writer = coredis.Redis(port=port, decode_responses=True)
    reader = coredis.Redis(port=port, decode_responses=True, cache=coredis.cache.LRUCache())
    async with writer, reader:
        await writer.set("c", "1")
        assert await reader.get("c") == "1"
        assert await reader.get("c") == "1"
        await writer.set("c", "2")
        for _ in range(100):
            if await reader.get("c") == "2":
                return
            await asyncio.sleep(0.05)
        raise AssertionError("a cached value stayed")


asyncio.run(tokens())
asyncio.run(cached())
