"""A Django API with SimpleJWT that accepts a node's access tokens: gunicorn django_app:application"""
import logging, os, secrets
import jwt
from django.conf import settings
from revocation import revoke
from service import AUDIENCE, ISSUER, LEEWAY, TYPE, Keys, KeysUnavailable, make_denylist, refusal


def answer(error, context):
    """Also to the libraries' own errors, on a token that is nested too deeply. Their texts might name a token."""
    from rest_framework.views import exception_handler
    if found := exception_handler(error, context): return found
    logging.error("not answered: %s", type(error).__name__)
    return Response({"detail": "the request cannot be answered"}, status=503, headers={"Retry-After": "1"})


settings.configure(
    ROOT_URLCONF=__name__, SECRET_KEY=secrets.token_hex(32), ALLOWED_HOSTS=os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(","),
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [],  # A view that names none refuses all.
                    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
                    "EXCEPTION_HANDLER": answer,
                    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
    SIMPLE_JWT={"ALGORITHM": "ES256", "JWK_URL": os.environ["JWKS_URL"], "ISSUER": ISSUER, "AUDIENCE": AUDIENCE,
                "LEEWAY": LEEWAY, "USER_ID_CLAIM": "sub", "TOKEN_TYPE_CLAIM": None})
import django

django.setup()
from django.core.wsgi import get_wsgi_application
from django.urls import path
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.state import token_backend

token_backend.jwks_client, denylist = Keys(os.environ["JWKS_URL"]), make_denylist()


class Refused(APIException):
    def __init__(self, status, challenge, message):
        super().__init__(message)
        self.status_code, self.auth_header, self.wait = status, challenge, 1 if status == 503 else None


class VerifiedAuthentication(JWTStatelessUserAuthentication):
    def get_validated_token(self, raw_token):
        try:
            token = super().get_validated_token(raw_token)
            self.header = jwt.get_unverified_header(raw_token)
        except KeysUnavailable: raise Refused(503, None, "the issuer's keys cannot be read")
        if self.header.get("typ") != TYPE: raise InvalidToken("this is no access token")
        return token


class CheckedAuthentication(VerifiedAuthentication):
    def get_validated_token(self, raw_token):
        token = super().get_validated_token(raw_token)
        verdict, scope = denylist.check(token.payload, self.header.get("kid"))
        if verdict != "clear": raise Refused(*refusal(verdict, scope), "the token is not known to be good")
        return token


class Me(APIView):
    authentication_classes = [CheckedAuthentication]

    def get(self, request): return Response({"sub": request.auth["sub"], "answered_by": "django"})


class LogOut(APIView):
    authentication_classes = [VerifiedAuthentication]  # It may be repeated, and is most needed where nothing is proven.

    def post(self, request):
        try: revoke(denylist, request.auth.payload)
        except Exception as error:
            logging.error("not revoked: %s", type(error).__name__)
            raise Refused(503, None, "the token is not revoked")
        return Response({"revoked": True})


urlpatterns = [path("me", Me.as_view()), path("logout", LogOut.as_view())]
application = get_wsgi_application()
