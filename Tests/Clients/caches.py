"""Django's own Redis cache, django-redis' and Flask-Caching's, on databases of their own."""
import sys

import django
import redis
from django.conf import settings

port = int(sys.argv[1])
location = f"redis://127.0.0.1:{port}/1"
settings.configure(
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": location},
        "other": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": location,
            "KEY_PREFIX": "other",
            "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"},
        },
    }
)
django.setup()
from django.core.cache import caches  # noqa: E402

for name in ("default", "other"):
    cache = caches[name]
    cache.set("a", {"x": [1, 2]}, 60)
    assert cache.get("a") == {"x": [1, 2]}
    assert cache.add("a", 1) is False and cache.add("b", 1, 60) is True
    cache.set("n", 5)
    assert cache.incr("n", 3) == 8 and cache.decr("n") == 7
    assert cache.touch("a", 100) is True and cache.touch("none", 100) is False
    cache.set_many({"x": 1, "y": 2}, 60)
    assert cache.get_many(["x", "y", "z"]) == {"x": 1, "y": 2}
    cache.delete_many(["x", "y"])
    assert cache.get_or_set("c", lambda: "made", 60) == "made"
    assert cache.has_key("c") and cache.delete("c") and not cache.has_key("c")

# A script that was refused would be done by GET and SET, where two clients lose one's count.
script = redis.Redis(port=port).info("commandstats")["cmdstat_eval"]
assert script["calls"] and not script["failed_calls"] and not script["rejected_calls"]

other = caches["other"]
assert 0 < other.ttl("b") <= 60 and 0 < other.pttl("b") <= 60_000
assert other.expire("b", 90) and other.persist("b") and other.ttl("b") is None
other.set("s:1", 1)
other.set("s:2", 2)
assert sorted(other.iter_keys("s:*")) == ["s:1", "s:2"] and sorted(other.keys("s:*")) == ["s:1", "s:2"]
assert other.delete_pattern("s:*") == 2
assert other.set("once", 1, nx=True) and not other.set("once", 2, nx=True)
with other.lock("lock", timeout=10):
    assert not other.lock("lock", timeout=10).acquire(blocking=False)
assert other.lock("lock", timeout=10).acquire(blocking=False)

assert other.get("a") == {"x": [1, 2]}
caches["default"].clear()
assert other.get("a") is None and caches["default"].get("n") is None

import flask  # noqa: E402
import flask_caching  # noqa: E402

application = flask.Flask("application")
cache = flask_caching.Cache(
    application, config={"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": f"redis://127.0.0.1:{port}/3"})
with application.app_context():
    cache.set("k", "v", timeout=60)
    assert cache.get("k") == "v"
    cache.clear()
    assert cache.get("k") is None
