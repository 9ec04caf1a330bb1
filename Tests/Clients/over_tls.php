<?php
// phpredis over TLS with certificates on both sides, as each of our daemon's own users.
// Arguments: port, a folder with ca.pem, client.pem and client.key.
[, $port, $folder] = $argv;
function connect($user) {
    global $port, $folder;
    $redis = new Redis();
    $stream = ["cafile" => "$folder/ca.pem", "local_cert" => "$folder/client.pem", "local_pk" => "$folder/client.key",
        "peer_name" => "localhost"];
    $redis->connect("tls://localhost", (int)$port, 5, null, 0, 5, ["stream" => $stream]);
    $redis->auth([$user, "secret-$user"]);
    return $redis;
}
function check($what, $is) { if (!$is) { fwrite(STDERR, "phpredis: $what\n"); exit(1); } }
function is_refused($call, $words) {
    try { return $call() === false; } catch (RedisException $error) { return str_contains($error->getMessage(), $words); }
}

$writer = connect("writer");
check("setex", $writer->setex("revoked:jti:php", 100, "logout") === true);
check("get", $writer->get("revoked:jti:php") === "logout");
$pipeline = $writer->multi(Redis::PIPELINE);
for ($number = 0; $number < 2000; $number++) $pipeline->setex("revoked:jti:php-$number", 100, str_repeat("x", 100));
check("a pipeline", $pipeline->exec() === array_fill(0, 2000, true));
check("undoing is refused", is_refused(fn() => $writer->del("revoked:jti:php"), "NOPERM"));
check("a shorter life is refused", $writer->setex("revoked:jti:php", 5, "logout") && $writer->ttl("revoked:jti:php") > 5);

$reader = connect("reader");
check("exists", $reader->exists("revoked:jti:php", "revoked:jti:none") === 1);
check("mget", $reader->mget(["revoked:jti:php", "revoked:jti:none"]) === ["logout", false]);
check("a large reply", strlen(implode($reader->mget(array_fill(0, 20000, "revoked:jti:php-7")))) === 2000000);
check("ttl", $reader->ttl("revoked:jti:php") > 90);
check("writing is refused", is_refused(fn() => $reader->setex("revoked:jti:x", 100, "x"), "NOPERM"));
check("other keys are refused", is_refused(fn() => $reader->get("other"), "NOPERM"));
check("a wrong password is refused", is_refused(fn() => $reader->auth(["reader", "wrong"]), "WRONGPASS"));

$admin = connect("admin");
check("whoami", $admin->rawCommand("ACL", "WHOAMI") === "admin");
check("undoing", $admin->del("revoked:jti:php") === 1);
