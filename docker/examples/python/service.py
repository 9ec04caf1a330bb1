"""What both applications share: the denylist, the node's keys and the answers, from the environment (README.md)."""
import contextlib, http.client, json, os, socket, ssl, threading, time, urllib.parse
import jwt, redis
from denylist import CUT_OFFS, Denylist

ISSUER, AUDIENCE = os.environ.get("ISSUER", "revoked"), os.environ.get("AUDIENCE", "revoked")
TYPE = "at+jwt"  # Refresh tokens have the same keys.
LEEWAY = 1  # PyJWT 2.6 compares iat, which has milliseconds, with whole seconds. The margin covers a minute of leeway.


class KeysUnavailable(Exception): """Whether the token is genuine is not known: answer 503."""


def fetch(address, seconds=5, most=262_144):
    """Ends after so many seconds, however slowly an answer comes: the timeout of a socket begins anew with each byte."""
    url = urllib.parse.urlsplit(address)
    wire = socket.create_connection((url.hostname, url.port or {"http": 80, "https": 443}[url.scheme]), seconds)
    with contextlib.closing(http.client.HTTPConnection(url.netloc)) as connection, wire, wire.dup() as same:
        end = threading.Timer(seconds, same.shutdown, [socket.SHUT_RDWR])
        end.start()
        try:
            connection.sock = wire
            if url.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(wire, server_hostname=url.hostname)
            connection.request("GET", url.path + (url.query and "?" + url.query))
            answer = connection.getresponse()
            body = answer.read(most + 1)
        finally: end.cancel()
    if answer.status != 200 or len(body) > most: raise ValueError("not the keys")
    return body


class Keys(jwt.PyJWKClient):
    """Read again after 5 minutes, and for an unknown kid; at most every 10 seconds."""
    asked, read, data = float("-inf"), float("-inf"), None

    def get_jwk_set(self, refresh=False):
        try: return super().get_jwk_set(refresh)
        except (jwt.PyJWKSetError, LookupError, AttributeError, TypeError) as error:
            raise KeysUnavailable(type(error).__name__) from error

    def fetch_data(self):
        now = time.monotonic()
        if now - self.asked > 10:
            self.asked = now
            try: self.data = json.loads(fetch(self.uri))
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                raise KeysUnavailable(type(error).__name__) from error
            self.read = now
            self.jwk_set_cache.put(self.data)
        # While one asks the others go on with what they have, but not for long: a key of it may have been withdrawn since.
        if now - self.read > 310: raise KeysUnavailable("not read lately")
        return self.data


def introduce(connection):
    """The daemon warns of programs that do not say so: they may not look up every scope. Other servers may refuse it."""
    connection.on_connect()
    connection.send_command("CLIENT", "SETINFO", "LIB-NAME", "revoked(python)")
    with contextlib.suppress(redis.ResponseError): connection.read_response()


def make_denylist():
    url = os.environ["DENYLIST_URL"]
    options = {"socket_timeout": 1, "socket_connect_timeout": 1, "redis_connect_func": introduce}
    if file := os.environ.get("DENYLIST_PASSWORD_FILE"):
        with open(file) as secret: options["password"] = secret.read().strip()
    if url.startswith("rediss://"):
        options["ssl_check_hostname"] = True  # else any certificate of these authorities would do
        if file := os.environ.get("DENYLIST_CA_FILE"): options["ssl_ca_certs"] = file
    store = redis.Redis.from_url(url, **options)
    return Denylist(store, os.environ["DENYLIST_STATE_FILE"], os.environ.get("DENYLIST_LABEL", ""))


def refusal(verdict, scope):
    """Status and challenge of the answer to a token that is not clear."""
    if verdict != "revoked": return 503, None
    if scope not in CUT_OFFS: return 401, 'Bearer error="invalid_token", error_description="the token has been revoked"'
    return 401, 'Bearer error="insufficient_user_authentication", max_age=0'
