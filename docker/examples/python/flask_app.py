"""A Flask API with flask-jwt-extended that accepts a node's access tokens: gunicorn flask_app:app"""
import jwt
from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt, jwt_required
from revocation import revoke
from werkzeug.exceptions import HTTPException
from service import AUDIENCE, ISSUER, LEEWAY, TYPE, Keys, KeysUnavailable, make_denylist, refusal
import logging, os

app = Flask(__name__)
app.config.update(
    JWT_ALGORITHM="ES256", JWT_DECODE_ISSUER=ISSUER, JWT_DECODE_AUDIENCE=AUDIENCE, JWT_DECODE_LEEWAY=LEEWAY)
tokens, denylist, keys = JWTManager(app), make_denylist(), Keys(os.environ["JWKS_URL"])


class Refused(Exception): """By a verdict that is not clear."""


@tokens.decode_key_loader
def key_of(header, claims):
    if header.get("typ") != TYPE: raise jwt.InvalidTokenError("this is no access token")
    try: return keys.get_signing_key(header.get("kid")).key
    except jwt.PyJWKClientError as error: raise jwt.InvalidTokenError("the issuer has no such key") from error


@tokens.token_in_blocklist_loader
def is_revoked(header, claims):
    if request.endpoint == "log_out": return False  # It may be repeated, and is most needed where nothing is proven.
    verdict, scope = denylist.check(claims, header.get("kid"))
    if verdict != "clear": raise Refused(verdict, scope)
    return False


@app.get("/me")
@jwt_required()
def me(): return jsonify(sub=get_jwt()["sub"], answered_by="flask")


@app.post("/logout")
@jwt_required()
def log_out():
    try: revoke(denylist, get_jwt())
    except Exception as error:
        logging.error("not revoked: %s", type(error).__name__)
        return unavailable("the token is not revoked")
    return jsonify(revoked=True)


def unavailable(message): return jsonify(error="temporarily_unavailable", error_description=message), 503, {"Retry-After": "1"}
def invalid(challenge): return jsonify(error="invalid_token"), 401, {"WWW-Authenticate": challenge}


@app.errorhandler(Refused)
def refused(error):
    status, challenge = refusal(*error.args)
    return invalid(challenge) if status == 401 else unavailable("the store cannot say whether the token is revoked")


@app.errorhandler(KeysUnavailable)
def no_keys(error): return unavailable("the issuer's keys cannot be read")


# The libraries' own errors on a header that is none, or a token that is nested too deeply. Their texts might name a token.
@app.errorhandler(Exception)
def not_answered(error):
    if isinstance(error, HTTPException): return error
    logging.error("not answered: %s", type(error).__name__)
    return unavailable("the request cannot be answered")


tokens.invalid_token_loader(lambda message: invalid('Bearer error="invalid_token"'))
tokens.expired_token_loader(lambda header, claims: invalid('Bearer error="invalid_token"'))
tokens.unauthorized_loader(lambda message: invalid("Bearer"))
