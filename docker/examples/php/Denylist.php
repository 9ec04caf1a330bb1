<?php
// Checks verified tokens as WireContract.md says. One round trip a check, and only "clear" may let a request pass.
final class Denylist {
    const CUT_OFFS = ["sub", "client", "all"], OWN_KEYS = ["revoked.terms", "revoked.accepted", "revoked.epoch"];
    const CLAIMS = ["jti" => "jti", "sid" => "sid", "sub" => "sub", "client" => "client_id"];

    // $connect: gives the Redis connection when it is needed.
    function __construct(readonly Closure $connect, readonly StateFile $stateFile, readonly string $label = "") {}

    // Within bounds: a number that no integer holds would become 0, a time long past.
    static function toMs(int|float $seconds): int { return (int)max(-1e17, min(1e17, floor($seconds * 1000 + 0.5))); }

    static function key(string $scope, string $name, string $label = ""): string {
        if (strlen($name) > 256 || str_starts_with($name, "sha256:")) $name = "sha256:" . hash("sha256", $name);
        return "revoked:" . ($label === "" ? "" : "$label:") . $scope . ($scope === "all" ? "" : ":$name");
    }

    static function scopes(array $claims, ?string $kid): array {
        $names = array_map(fn($claim) => $claims[$claim] ?? "", self::CLAIMS) + ["kid" => $kid ?? "", "all" => "all"];
        return array_filter($names, fn($name) => $name !== "");
    }

    // The store's epoch, and the one that it replaced if no operator has accepted that yet. None of one left for a daemon.
    static function epochs(string|false $value): array {
        preg_match('/\A(?!left:)([!-~]{1,256})(?: replaces (.+))?\z/s', $value, $found);
        return [$found[1] ?? null, $found[2] ?? null];
    }

    // The first bare epoch; later one that an operator accepted in place of the pinned one.
    static function epochToPin(?string $pinned, string|false $epoch, string|false $accepted): ?string {
        [$new, $replaced] = self::epochs($epoch);
        $isToPin = $pinned === null ? $replaced === null : self::epochs($accepted) === [$new, $pinned];
        return $new !== null && $isToPin ? $new : $pinned;
    }

    // Of the issuer's tokens; none if the denylist's terms do not name it with this label.
    static function lifetimes(string|false $terms, string $iss, string $label): array {
        foreach ($terms === false ? [] : json_decode($terms, true, 9, JSON_THROW_ON_ERROR)["issuers"] as $row)
            if (($row["name"] ?? $iss) === $iss && ($row["label"] ?? "") === $label) return $row["lifetimes"];
        return [];
    }

    // Whether revocations are kept for as long as the token lives.
    static function isKept(array $claims, array $lifetimes): bool {
        [$issued, $expires] = [self::toMs($claims["iat"]), self::toMs($claims["exp"])];
        return array_filter($lifetimes, fn($row) => $row["since"] <= $issued && $expires - $issued <= $row["ms"] + 1000) !== [];
    }

    // Whether no date of the token lies ahead of the store's time by more than clocks may differ: cut-offs would miss it.
    static function isOfNow(array $claims, int $now): bool {
        return self::toMs(max($claims["iat"], $claims["auth_time"] ?? 0)) <= $now + 30_000;
    }

    // From what the store holds by scope, and its time. Also: which scope says so.
    static function verdict(array $claims, array $held, int $now, bool $isProven): array {
        $logIn = $claims["auth_time"] ?? $claims["iat"] ?? null;
        foreach (array_filter($held, fn($value) => $value !== false) as $scope => $value) {
            if (!in_array($scope, self::CUT_OFFS, true)) return ["revoked", $scope];
            $cutOff = preg_match('/\A[0-9]{1,18}\z/', $value) ? (int)$value : 0;
            if ($cutOff < 10 ** 12 || $cutOff > $now + 60_000) $isProven = false;
            elseif ($logIn === null || self::toMs($logIn) <= $cutOff) return ["revoked", $scope];
        }
        return [$isProven && array_intersect_key($held, self::CLAIMS) !== [] ? "clear" : "unknown", null];
    }

    function check(array $claims, ?string $kid): array {
        try {
            $names = self::scopes($claims, $kid);
            $keys = array_map(fn($scope, $name) => self::key($scope, $name, $this->label), array_keys($names), $names);
            [$values, $now, $own] = $this->ask($keys);
            return self::verdict($claims, array_combine(array_keys($names), $values), $now, $this->isProven($claims, $now, $own));
        } catch (Throwable $error) { // whatever it is, nothing is known; its text might name a token
            error_log("no verdict: " . $error::class);
            return ["unknown", null];
        }
    }

    // Where something is damaged nothing is proven, but what is revoked stays so.
    private function isProven(array $claims, int $now, array $own): bool {
        try {
            [$isPinned, $isOnTime] = [$this->epoch($own) !== null, abs($now - microtime(true) * 1000) <= 30_000];
            $lifetimes = self::lifetimes($own[0], $claims["iss"], $this->label);
            return $isPinned && $isOnTime && self::isOfNow($claims, $now) && self::isKept($claims, $lifetimes);
        } catch (Throwable $error) {
            error_log("nothing is proven: " . $error::class);
            return false;
        }
    }

    // Values, and the store's time; and what OWN_KEYS hold.
    function ask(array $keys): array {
        [$now, $values] = Store::ask(($this->connect)(), [...$keys, ...self::OWN_KEYS]);
        return [array_slice($values, 0, -3), $now, array_slice($values, -3)];
    }

    // The store's, if that is the pinned one.
    function epoch(array $own): ?string {
        [[, $accepted, $epoch], $pinned] = [$own, $this->stateFile->read()];
        $new = self::epochToPin($pinned, $epoch, $accepted);
        if ($new !== $pinned) $this->stateFile->save($new);
        return $new === self::epochs($epoch)[0] ? $new : null;
    }
}
