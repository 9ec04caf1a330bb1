"""An OpenID provider that logs users in and out, and calls a node back (OpenID Connect Back-Channel Logout 1.0).

    identity_provider.py PORT BINARY [LOG-INS]

PORT is the daemon's, BINARY is `revoked`. Log-ins are idpyoidc's own, and so are most log-outs, from the authorization
request to the log-out token. Others are made by the node's routes. Each answer of two nodes is judged (oracle.py)."""

import base64
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import requests
from oracle import Oracle
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.oidc.authorization import Authorization
from idpyoidc.server.oidc.session import Session
from idpyoidc.server.oidc.token import Token
from idpyoidc.server.user_authn.authn_context import INTERNETPROTOCOLPASSWORD
from idpyoidc.server.user_info import UserInfo

port, binary, rounds = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["50"])[0])
EVERYWHERE = 500  # log-ins between two log-outs of the user everywhere
CALLBACK = "https://shop.example/callback"
SIGNED = {"alg": "ES256", "lifetime": 3600}


def provider(issuer):
    keys = {"key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]}
    password = {"crypt_conf": {"kwargs": {"password": "0123456789abcdef" * 2, "salt": "abcdefghijkl"}}}
    token = {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": SIGNED}
    configuration = {
        "issuer": issuer,
        "key_conf": keys,
        "keys": {**keys, "uri_path": "jwks"},
        "httpc_params": {"timeout": 10},
        "preference": {"id_token_signing_alg_values_supported": ["ES256"]},
        "token_handler_args": {
            "code": {"lifetime": 600, "kwargs": password},
            "token": token,
            "refresh": token,
            "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {}},
        },
        "endpoint": {
            "authorization": {"path": "authorization", "class": Authorization, "kwargs": {}},
            "token": {
                "path": "token", "class": Token, "kwargs": {"client_authn_method": ["client_secret_post"]},
            },
            "session": {
                "path": "session", "class": Session,
                "kwargs": {
                    "signing_alg": "ES256", "post_logout_uri_path": "goodbye", "client_authn_method": None,
                    "logout_verify_url": issuer + "/verify_logout",
                },
            },
        },
        "authentication": {
            "nobody": {
                "acr": INTERNETPROTOCOLPASSWORD, "class": "idpyoidc.server.user_authn.user.NoAuthn",
                "kwargs": {"user": "diana"},
            },
        },
        "userinfo": {"class": UserInfo, "kwargs": {"db": {"diana": {}}}},
        "template_dir": "template",
    }
    return Server(OPConfiguration(conf=configuration, base_path="."), cwd=".", httpc=requests.request)


def serve_keys(provider_of):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(provider_of().keyjar.export_jwks("")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def log_in(op):
    """A user's session, as the browser's cookie names it, and its access token."""
    endpoint = op.get_endpoint("authorization")
    request = {
        "client_id": "shop", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid", "state": "s",
        "nonce": "n",
    }
    answer = endpoint.process_request(endpoint.parse_request(request))
    code = answer["response_args"]["code"]
    endpoint = op.get_endpoint("token")
    request = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": "shop",
        "client_secret": "secret",
    }
    tokens = endpoint.process_request(endpoint.parse_request(request))["response_args"]
    return answer["session_id"], tokens["access_token"]


def prepare(folder, issuer):
    def run(*arguments, text=None):
        subprocess.run([binary, *arguments], input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    key, users = folder / "key.pem", folder / "users"
    run("node", "make-key", str(key))
    run("node", "add-user", "--users", str(users), "alice", text="correct horse\n")
    trusted = {
        "issuer": issuer, "audience": "shop", "jwks": issuer + "/jwks", "label": "op", "types": ["none"],
        "require": {"token_class": "access_token"},
    }
    (folder / "issuers.json").write_text(json.dumps([trusted]))
    (folder / "providers.json").write_text(json.dumps([{"issuer": issuer, "audience": "shop", "tokensNameSessions": True}]))
    for file in ("issuers.json", "providers.json"):
        (folder / file).chmod(0o600)


def start_node(folder):
    node = subprocess.Popen(
        [
            binary, "node", "--port", "0", "--backend", f"redis://127.0.0.1:{port}", "--http", "off", "--keys",
            str(folder / "key.pem"), "--users", str(folder / "users"), "--issuers", str(folder / "issuers.json"),
            "--issuer-label", "own", "--identity-providers", str(folder / "providers.json"), "--log-level", "warning",
        ], stdout=subprocess.PIPE, text=True)
    for line in node.stdout:
        if line.startswith("listening on "):
            return node, line.removeprefix("listening on ").strip()
    raise SystemExit("the node did not start")


def log_in_anew(op, oracle):
    """After a log-out everywhere: tokens have whole seconds, and the cut-off covers two more."""
    start = time.monotonic()
    while oracle.ask(oracle.nodes[0], (found := log_in(op))[1]) == 401 and time.monotonic() - start < 5: time.sleep(0.1)
    return found


def play(op, oracle):
    for number in range(rounds):
        session, token = log_in(op) if number % EVERYWHERE else log_in_anew(op, oracle)
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["sid"] == session, "the access token is not of the session"
        oracle.logged_in(token)
        if number % EVERYWHERE == EVERYWHERE - 1:
            oracle.log_out(token, "/logout-everywhere")
            oracle.logged_out(*oracle.live)
        elif number % 10 == 0: oracle.live.append(token)
        elif number % 3 == 0: oracle.log_out(token, "/logout")
        else:
            op.get_endpoint("session").do_verified_logout(session)
            oracle.logged_out(token)
        oracle.look_around()
    oracle.conclude("idpyoidc")


with tempfile.TemporaryDirectory() as name:
    held = []
    issuer = serve_keys(lambda: held[0])
    held.append(provider(issuer))
    prepare(pathlib.Path(name), issuer)
    nodes = [start_node(pathlib.Path(name)) for _ in range(2)]
    try:
        held[0].context.cdb["shop"] = {
            "client_id": "shop", "client_secret": "secret", "redirect_uris": [(CALLBACK, None)],
            "response_types_supported": ["code"], "response_types": ["code"], "id_token_signed_response_alg": "ES256",
            "allowed_scopes": ["openid"], "token_endpoint_auth_method": "client_secret_post",
            "backchannel_logout_uri": nodes[0][1] + "/backchannel-logout",
        }
        play(held[0], Oracle(*(address for _, address in nodes)))
    finally:
        for process, _ in nodes:
            process.terminate()
            process.wait()
