"""What a service in Python does with the daemon, through redis-py as it is. Usage: real_client.py PORT"""

import sys

import redis

client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]), socket_timeout=20)
assert client.ping() is True
assert client.setex("revoked:jti:python", 100, "logout") is True
assert client.exists("revoked:jti:python") == 1
assert client.get("revoked:jti:python") == b"logout"
assert 99 <= client.ttl("revoked:jti:python") <= 100
assert client.setex("revoked:jti:python", 10, "admin") is True
assert client.ttl("revoked:jti:python") >= 99, "a revocation is not shortened"
assert client.mget("revoked:jti:python", "revoked:jti:nobody") == [b"logout", None]
try:
    client.set("revoked:jti:python", "x")
    raise SystemExit("a revocation without an expiry was taken")
except redis.ResponseError as error:
    assert str(error).startswith("guarded key:"), error

pipeline = client.pipeline(transaction=False)
for number in range(500):
    pipeline.setex(f"revoked:jti:{number}", 100, "logout")
assert pipeline.execute() == [True] * 500
assert sorted(client.scan_iter("revoked:jti:49?")) == sorted(f"revoked:jti:49{n}".encode() for n in range(10))

assert client.set("plain", "v", px=100000, nx=True) is True
assert client.set("plain", "w", nx=True) is None
assert client.getex("plain", persist=True) == b"v"
assert client.expire("plain", 50) is True
assert client.getdel("plain") == b"v"
assert client.delete("revoked:jti:python") == 1
assert client.info("server")["redis_version"] == "7.0.15"
assert client.info("server")["server_name"] == "revoked"
assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
assert client.client_setname("python") is True and client.client_getname() == "python"
assert any(entry["name"] == "python" for entry in client.client_list())
assert "get" in client.command()

# Users: redis-py parses what ACL answers.
assert client.acl_setuser(
    "python", enabled=True, passwords=["+secret"], commands=["+get", "+@connection", "-select"], keys=["plain:*"])
user = client.acl_getuser("python")
assert "on" in user["flags"] and user["keys"] == ["~plain:*"], user
assert "python" in client.acl_users() and client.acl_whoami() == "default"
assert any(line.startswith("user python on #") for line in client.acl_list())
assert "get" in client.acl_cat("string") and "dangerous" in client.acl_cat()
guest = redis.Redis(
    host="127.0.0.1", port=int(sys.argv[1]), username="python", password="secret", socket_timeout=20)
assert guest.get("plain:x") is None
for refused in (lambda: guest.get("revoked:jti:1"), lambda: guest.set("plain:x", "1")):
    try:
        refused()
        raise SystemExit("a user did what its rules do not allow")
    except redis.exceptions.NoPermissionError:
        pass
log = client.acl_log()
assert [(entry["reason"], entry["object"], entry["username"]) for entry in log] == [
    ("command", "set", "python"), ("key", "revoked:(token)", "python")], log
assert client.acl_log_reset() and client.acl_log() == []
assert len(client.acl_genpass()) == 64
assert client.acl_deluser("python") == 1
client.close()
print("redis-py:", redis.__version__)
