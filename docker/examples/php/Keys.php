<?php
// The node's keys, kept in a file: read again after 5 minutes, and for an unknown kid; at most every 10 seconds.
use phpseclib3\Crypt\{EC, PublicKeyLoader};
use phpseclib3\Math\BigInteger;

final class KeysUnavailable extends RuntimeException {}

final class Keys {
    function __construct(readonly string $url, readonly string $file) {}

    // Whether a key of the node's has signed the token with ES256.
    function haveSigned(string $message, string $signature, string $kid): bool {
        $jwk = $this->find($kid);
        if ($jwk === null || strlen($signature) !== 64) return false;
        $key = PublicKeyLoader::loadPublicKey(json_encode($jwk));
        if (!$key instanceof EC || $key->getCurve() !== "secp256r1") return false;
        [$r, $s] = array_map(fn($half) => new BigInteger($half, 256), str_split($signature, 32));
        return $key->withHash("sha256")->withSignatureFormat("Raw")->verify($message, ["r" => $r, "s" => $s]);
    }

    private function find(string $kid): ?array {
        $jwk = self::named($kid, $this->kept(300));
        if ($jwk === null && $this->mayAsk()) $this->fetch();
        return $jwk ?? self::named($kid, $this->kept(310) ?? throw new KeysUnavailable());
    }

    // One asks, and the others go on with what they have: many that ask a node that hangs would leave no worker to answer.
    private function mayAsk(): bool {
        $lock = fopen("$this->file.lock", "c");
        return $lock && flock($lock, LOCK_EX | LOCK_NB) && self::age("$this->file.asked") > 10 && touch("$this->file.asked");
    }

    private static function named(string $kid, ?array $keys): ?array {
        foreach ($keys ?? [] as $jwk)
            if (($jwk["kid"] ?? null) === $kid && ($jwk["alg"] ?? "ES256") === "ES256") return $jwk;
        return null;
    }

    // What the file holds, unless it is torn, or so old that a key of it may have been withdrawn since.
    private function kept(int $seconds): ?array {
        $keys = self::age($this->file) > $seconds ? null : json_decode(file_get_contents($this->file) ?: "", true)["keys"] ?? null;
        return is_array($keys) ? $keys : null;
    }

    // In seconds. A file of the future was written before the clock was set back, at an unknown time.
    private static function age(string $file): int {
        clearstatcache(true, $file);
        $age = file_exists($file) ? time() - filemtime($file) : PHP_INT_MAX;
        return $age < -10 ? PHP_INT_MAX : $age;
    }

    private function fetch(): void {
        $text = self::get($this->url, 5, 262_144);
        if (!is_array(json_decode($text ?: "", true)["keys"] ?? null)) throw new KeysUnavailable();
        $draft = "$this->file." . bin2hex(random_bytes(16));
        if (file_put_contents($draft, $text) === false || !rename($draft, $this->file)) throw new KeysUnavailable();
    }

    // Ends after so many seconds, however slowly an answer comes: the timeout of a stream begins anew with each byte.
    private static function get(string $address, int $seconds, int $most): string {
        $end = microtime(true) + $seconds;
        $url = parse_url($address) + ["path" => "/"];
        [$kind, $port] = ["http" => ["tcp", 80], "https" => ["ssl", 443]][$url["scheme"]];
        $host = $url["host"] . ":" . ($url["port"] ?? $port);
        $wire = @stream_socket_client("$kind://$host", $code, $message, $seconds) ?: throw new KeysUnavailable();
        $path = $url["path"] . (isset($url["query"]) ? "?$url[query]" : "");
        fwrite($wire, "GET $path HTTP/1.0\r\nHost: $host\r\nConnection: close\r\n\r\n");
        for ($text = ""; !feof($wire); $text .= $part) {
            $left = $end - microtime(true);
            if ($left <= 0 || strlen($text) > $most) throw new KeysUnavailable();
            stream_set_timeout($wire, (int)$left, (int)(fmod($left, 1) * 1e6));
            if (($part = fread($wire, 65_536)) === false) throw new KeysUnavailable();
        }
        [$head, $body] = explode("\r\n\r\n", $text, 2) + [1 => ""];
        return preg_match('#^HTTP/1\.[01] 200 #', $head) ? $body : "";
    }
}
