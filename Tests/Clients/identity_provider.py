"""An OpenID provider that logs users in and out, and calls a node back (OpenID Connect Back-Channel Logout 1.0).

    identity_provider.py PORT BINARY [ROUNDS]

PORT is the daemon's, BINARY is `revoked`. Log-ins and log-outs are idpyoidc's own, from the authorization request to the
log-out token. Every token has to be accepted until its session is logged out, and refused within a second then."""

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
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.oidc.authorization import Authorization
from idpyoidc.server.oidc.session import Session
from idpyoidc.server.oidc.token import Token
from idpyoidc.server.user_authn.authn_context import INTERNETPROTOCOLPASSWORD
from idpyoidc.server.user_info import UserInfo

port, binary, rounds = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["50"])[0])
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


def status(node, token):
    return requests.get(node + "/auth", headers={"Authorization": "Bearer " + token}, timeout=10).status_code


def start_node(folder, issuer):
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
    node = subprocess.Popen(
        [
            binary, "node", "--port", "0", "--backend", f"redis://127.0.0.1:{port}", "--http", "off", "--keys",
            str(key), "--users", str(users), "--issuers", str(folder / "issuers.json"), "--issuer-label", "own",
            "--identity-providers", str(folder / "providers.json"), "--log-level", "warning",
        ], stdout=subprocess.PIPE, text=True)
    for line in node.stdout:
        if line.startswith("listening on "):
            return node, line.removeprefix("listening on ").strip()
    raise SystemExit("the node did not start")


def play(op, node):
    longest = 0.0
    kept = log_in(op)
    assert status(node, kept[1]) == 200
    for number in range(rounds):
        session, token = log_in(op)
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["sid"] == session, "the access token is not of the session"
        assert status(node, token) == 200, "a good token was refused"
        start = time.monotonic()
        op.get_endpoint("session").do_verified_logout(session)
        while status(node, token) != 401:
            assert time.monotonic() - start < 1, "a token was accepted a second after its session was logged out"
        longest = max(longest, time.monotonic() - start)
        assert status(node, kept[1]) == 200, f"another session was logged out in round {number}"
    op.get_endpoint("session").do_verified_logout(kept[0])
    assert status(node, kept[1]) == 401
    print(f"idpyoidc: {rounds + 1} log-outs, refused after {longest * 1000:.0f} ms at most")


with tempfile.TemporaryDirectory() as name:
    held = []
    issuer = serve_keys(lambda: held[0])
    held.append(provider(issuer))
    process, node = start_node(pathlib.Path(name), issuer)
    try:
        held[0].context.cdb["shop"] = {
            "client_id": "shop", "client_secret": "secret", "redirect_uris": [(CALLBACK, None)],
            "response_types_supported": ["code"], "response_types": ["code"], "id_token_signed_response_alg": "ES256",
            "allowed_scopes": ["openid"], "token_endpoint_auth_method": "client_secret_post",
            "backchannel_logout_uri": node + "/backchannel-logout",
        }
        play(held[0], node)
    finally:
        process.terminate()
        process.wait()
