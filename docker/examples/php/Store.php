<?php
// The connection to the store.
final class Store {
    // One for each request: a persistent one could hold replies that a request before this one did not read.
    static function connection(): Redis {
        static $store = null;
        if ($store) return $store;
        $url = parse_url(setting("DENYLIST_URL"));
        $store = new Redis();
        if ($url["scheme"] === "rediss") {
            $tls = ["cafile" => setting("DENYLIST_CA_FILE"), "peer_name" => $url["host"], "verify_peer" => true];
            $store->connect("tls://" . $url["host"], $url["port"], 1, null, 0, 1, ["stream" => array_filter($tls)]);
        } else {
            $store->connect($url["host"], $url["port"], 1, null, 0, 1);
        }
        if ($file = setting("DENYLIST_PASSWORD_FILE"))
            $store->auth([$url["user"] ?? "default", trim(file_get_contents($file))]);
        // The daemon warns of programs that do not say so: they may not look up every scope. Other servers may refuse it.
        try { $store->rawCommand("CLIENT", "SETINFO", "LIB-NAME", "revoked(php)"); } catch (RedisException) {}
        return $store;
    }

    // The store's time, and what the keys hold.
    static function ask(Redis $store, array $keys): array {
        [[$seconds, $rest], $values] = self::replies($store->multi(Redis::PIPELINE)->time()->mget($keys));
        return [$seconds * 1000 + intdiv((int)$rest, 1000), $values];
    }

    // What the store replies to a pipeline. phpredis gives false for an error, as for a key without a value, also in the
    // midst of an MGET.
    static function replies(Redis $pipeline): array {
        $pipeline->clearLastError();
        $replies = $pipeline->exec();
        if (!is_array($replies) || $pipeline->getLastError() !== null) throw new RuntimeException("the store replies with an error");
        return $replies;
    }
}
