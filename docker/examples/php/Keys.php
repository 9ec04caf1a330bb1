<?php
// The node's keys, kept in a file: read again after 5 minutes, and for an unknown kid at most every 10 seconds.
use phpseclib3\Crypt\{EC, PublicKeyLoader};
use phpseclib3\Math\BigInteger;

final class KeysUnavailable extends RuntimeException {}

final class Keys {
    function __construct(readonly string $url, readonly string $file) {}

    // Whether a key of the node's has signed the token with ES256.
    function haveSigned(string $message, string $signature, string $kid): bool {
        $jwk = $this->find($kid, 300) ?? $this->find($kid, 10);
        if ($jwk === null || strlen($signature) !== 64) return false;
        $key = PublicKeyLoader::loadPublicKey(json_encode($jwk));
        if (!$key instanceof EC || $key->getCurve() !== "secp256r1") return false;
        [$r, $s] = array_map(fn($half) => new BigInteger($half, 256), str_split($signature, 32));
        return $key->withHash("sha256")->withSignatureFormat("Raw")->verify($message, ["r" => $r, "s" => $s]);
    }

    private function find(string $kid, int $maximumAge): ?array {
        clearstatcache(true, $this->file);
        if (!file_exists($this->file) || time() - filemtime($this->file) > $maximumAge) $this->fetch();
        foreach (json_decode(file_get_contents($this->file), true, 9, JSON_THROW_ON_ERROR)["keys"] as $jwk)
            if (($jwk["kid"] ?? null) === $kid && ($jwk["alg"] ?? "ES256") === "ES256") return $jwk;
        return null;
    }

    private function fetch(): void {
        $context = stream_context_create(["http" => ["timeout" => 5, "follow_location" => 0]]);
        $text = @file_get_contents($this->url, false, $context, 0, 262_144);
        if (!is_array(json_decode($text ?: "", true)["keys"] ?? null)) throw new KeysUnavailable();
        $draft = "$this->file." . bin2hex(random_bytes(16));
        if (file_put_contents($draft, $text) === false || !rename($draft, $this->file)) throw new KeysUnavailable();
    }
}
