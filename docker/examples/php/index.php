<?php
// A PHP API with phpredis and phpseclib that accepts a node's access tokens: php -S 127.0.0.1:8080 index.php
ini_set("display_errors", "0"); // A warning in the output would make every answer a 200; PHP without a php.ini shows them.
require_once "phpseclib3/autoload.php";
spl_autoload_register(function ($class) { if (is_file(__DIR__ . "/$class.php")) require __DIR__ . "/$class.php"; });

function setting(string $name, string $default = ""): string { return getenv($name) ?: $default; }

function answer(int $status, array $body, array $headers = []): never {
    http_response_code($status);
    header("Content-Type: application/json");
    foreach ($headers as $name => $value) header("$name: $value");
    exit(json_encode($body) . "\n");
}

function unavailable(string $message): never {
    answer(503, ["error" => "temporarily_unavailable", "error_description" => $message], ["Retry-After" => "1"]);
}

function invalid(string $challenge = 'Bearer error="invalid_token"'): never {
    answer(401, ["error" => "invalid_token"], ["WWW-Authenticate" => $challenge]);
}

// Whatever goes wrong, the answer is not 200.
set_exception_handler(function (Throwable $error) {
    error_log("not answered: " . $error::class);
    unavailable("the request cannot be answered");
});

function decoded(string $part): ?string { return base64_decode(strtr($part, "-_", "+/"), true) ?: null; }

// The claims of a genuine access token of the node, and the kid that signed it.
function verified(): array {
    $authorization = array_change_key_case(getallheaders())["authorization"] ?? "";
    if (!preg_match('/\ABearer ([\w-]+)\.([\w-]+)\.([\w-]+)\z/i', $authorization, $parts)) invalid("Bearer");
    [$header, $claims] = [json_decode(decoded($parts[1]) ?? "", true), json_decode(decoded($parts[2]) ?? "", true)];
    $kid = $header["kid"] ?? null;
    if (($header["alg"] ?? null) !== "ES256" || ($header["typ"] ?? null) !== "at+jwt" || !is_string($kid) || !is_array($claims)
        || isset($header["crit"])) invalid();
    $keys = new Keys(setting("JWKS_URL"), setting("DENYLIST_STATE_FILE") . ".keys");
    try {
        if (!$keys->haveSigned("$parts[1].$parts[2]", decoded($parts[3]) ?? "", $kid)) invalid();
    } catch (KeysUnavailable) { unavailable("the issuer's keys cannot be read"); }
    $isNumber = fn($claim) => is_int($claims[$claim] ?? null) || is_float($claims[$claim] ?? null);
    if (($claims["iss"] ?? null) !== setting("ISSUER", "revoked") || !$isNumber("iat") || !$isNumber("exp")
        || !in_array(setting("AUDIENCE", "revoked"), (array)($claims["aud"] ?? []), true)
        || $claims["exp"] <= microtime(true) || ($claims["nbf"] ?? 0) > microtime(true)) invalid();
    return [$claims, $kid];
}

$denylist = new Denylist(Store::connection(...), new StateFile(setting("DENYLIST_STATE_FILE")), setting("DENYLIST_LABEL"));
switch ($_SERVER["REQUEST_METHOD"] . " " . parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH)) {
case "GET /me":
    [$claims, $kid] = verified();
    [$verdict, $scope] = $denylist->check($claims, $kid);
    if ($verdict === "clear") answer(200, ["sub" => $claims["sub"], "answered_by" => "php"]);
    if ($verdict !== "revoked") unavailable("the store cannot say whether the token is revoked");
    in_array($scope, Denylist::CUT_OFFS, true) ? invalid('Bearer error="insufficient_user_authentication", max_age=0') : invalid();
case "POST /logout": // It may be repeated, and is most needed where nothing is proven.
    [$claims] = verified();
    try { Revocation::revoke($denylist, $claims); } catch (Throwable $error) {
        error_log("not revoked: " . $error::class);
        unavailable("the token is not revoked");
    }
    answer(200, ["revoked" => true]);
default:
    answer(404, ["error" => "not_found"]);
}
