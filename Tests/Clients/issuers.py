"""Tokens of issuers that nobody here wrote, at a node: Authlib's access tokens (RFC 9068), Django OAuth Toolkit's ID tokens.
Their keys are found by their metadata. Then users log in and out, and two nodes' answers are judged (oracle.py).
usage: issuers.py PORT BINARY [LOG-INS]"""
import http.server, json, os, secrets, subprocess, sys, tempfile, threading, urllib.error, urllib.parse, urllib.request
import wsgiref.simple_server

PORT, BINARY = sys.argv[1:3]
LOG_INS = int((sys.argv[3:] or ["20"])[0])
FOLDER = tempfile.TemporaryDirectory()


def path(name): return os.path.join(FOLDER.name, name)


def quiet(handler): return type("Quiet", (handler,), {"log_message": lambda *_: None})


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_port


def ask(method, address, token):
    request = urllib.request.Request(address, method=method, headers={"Authorization": "Bearer " + token})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer: return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer: return answer.code, answer.headers, answer.read()


from oracle import Oracle

# Authlib: its generator of JWT access tokens, as an authorization server has it, behind RFC 8414 metadata.
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import ECKey, KeySet

KEYS = KeySet([ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "authlib"}, private=True)])


class Generator(JWTBearerTokenGenerator):
    def get_jwks(self): return KEYS
    def get_audiences(self, client, user, scope): return ["shop"]
    def get_extra_claims(self, client, grant_type, user, scope): return {"sid": user.session}


class Client:
    client_id = "app"
    def get_client_id(self): return self.client_id
    def get_allowed_scope(self, scope): return scope


class User:
    def __init__(self, name): self.name, self.session = name, secrets.token_hex(8)
    def get_user_id(self): return self.name
    def get_auth_time(self): return None


class Metadata(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {"/.well-known/oauth-authorization-server": {"issuer": AUTHLIB, "jwks_uri": AUTHLIB + "/keys"},
                   "/keys": KEYS.as_dict(private=False)}
        self.send_response(200 if self.path in answers else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(self.path)).encode())


AUTHLIB = serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), quiet(Metadata)))
generator = Generator(AUTHLIB, alg="ES256")


def authlib(name):
    return generator(grant_type="authorization_code", client=Client(), user=User(name), scope="openid")["access_token"]


# Django OAuth Toolkit: a whole authorization server, asked with the code flow.
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
import django
from django.conf import settings

pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
wsgi = wsgiref.simple_server.make_server("127.0.0.1", 0, lambda *a: application(*a),
                                         handler_class=quiet(wsgiref.simple_server.WSGIRequestHandler))
DJANGO = "http://127.0.0.1:%d/o" % wsgi.server_port
apps = ["admin", "auth", "contenttypes", "sessions", "messages"]
settings.configure(
    SECRET_KEY=secrets.token_hex(32), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True, LOGIN_URL="/login",
    # Its client's secret is compared at each log-in, and is no secret.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=["django.contrib." + name for name in apps[1:4]] + ["oauth2_provider"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path("db")}},
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    OAUTH2_PROVIDER={"OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": pem, "OIDC_ISS_ENDPOINT": DJANGO, "PKCE_REQUIRED": False,
                     "SCOPES": {"openid": "OpenID Connect"}, "ALLOWED_REDIRECT_URI_SCHEMES": ["https"]})
django.setup()
from django.contrib.auth.models import User as Account
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client as Browser
from django.urls import include, path as route
from oauth2_provider.models import Application

urlpatterns = [route("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
application = get_wsgi_application()
call_command("migrate", verbosity=0)
serve(wsgi)
app = Application(name="shop", client_type="confidential", authorization_grant_type="authorization-code", algorithm="RS256",
                  redirect_uris="https://shop.example/in", skip_authorization=True, client_secret="secret")
app.save()


def toolkit(name):
    account, _ = Account.objects.get_or_create(username=name)
    browser = Browser(HTTP_HOST="127.0.0.1")
    browser.force_login(account)
    query = {"response_type": "code", "client_id": app.client_id, "redirect_uri": "https://shop.example/in", "scope": "openid"}
    location = browser.get("/o/authorize/", query).headers["Location"]
    code = urllib.parse.parse_qs(urllib.parse.urlparse(location).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://shop.example/in",
            "client_id": app.client_id, "client_secret": "secret"}
    return browser.post("/o/token/", form).json()["id_token"]


# The node.
def make(name, contents):
    with open(os.open(path(name), os.O_CREAT | os.O_WRONLY, 0o600), "w") as file: file.write(contents)


make("issuers", json.dumps([
    {"issuer": AUTHLIB, "label": "authlib", "audience": "shop"},
    {"issuer": DJANGO, "label": "toolkit", "audience": app.client_id, "types": ["JWT"], "authTime": True}]))
run = lambda *arguments, **options: subprocess.run([BINARY, "node", *arguments], check=True, stdout=subprocess.DEVNULL, **options)
run("make-key", path("key.pem"))
run("add-user", "--users", path("users"), "alice", input=b"correct horse\n")
nodes = [subprocess.Popen(
    [BINARY, "node", "--port", "0", "--backend", "redis://127.0.0.1:" + PORT, "--keys", path("key.pem"), "--users",
     path("users"), "--issuers", path("issuers"), "--issuer-label", "own", "--http", "off"], stdout=subprocess.PIPE)
    for _ in range(2)]
try:
    addresses = [node.stdout.readline().decode().split()[-1] for node in nodes]
    address = addresses[0]
    for mint, subjects in ((authlib, ("alice", "bob")), (toolkit, ("alice", "bob"))):
        first, second = mint(subjects[0]), mint(subjects[1])
        status, headers, body = ask("GET", address + "/auth", first)
        assert status == 200, (mint, status, headers["WWW-Authenticate"], body)
        subject = subjects[0] if mint is authlib else str(Account.objects.get(username=subjects[0]).pk)
        assert headers["X-Auth-Subject"] == subject, headers["X-Auth-Subject"]
        assert ask("POST", address + "/logout", first)[0] == 200
        assert ask("GET", address + "/auth", first)[0] == 401
        assert ask("GET", address + "/auth", second)[0] == 200
        # One letter of the signature is another.
        forged = second[:-10] + ("A" if second[-10] != "A" else "B") + second[-9:]
        assert ask("GET", address + "/auth", forged)[0] == 401
        assert ask("POST", address + "/logout-everywhere", second)[0] == 200
        assert ask("GET", address + "/auth", second)[0] == 401
    for name, mint in (("Authlib", authlib), ("Django OAuth Toolkit", toolkit)):
        oracle = Oracle(*addresses)
        for number in range(LOG_INS // 2):
            token = mint(f"user-{number}")
            oracle.logged_in(token)
            if number % 10 == 0: oracle.live.append(token)
            else: oracle.log_out(token, "/logout" if number % 2 else "/logout-everywhere")
            oracle.look_around()
        oracle.conclude(name)
finally:
    for node in nodes:
        node.terminate()
        node.wait()
