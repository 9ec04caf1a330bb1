<?php
// Ends tokens as WireContract.md says.
final class Revocation {
    const LONGEST = 400 * 86_400; // What the store accepts. A token that lives longer is refused for good.

    static function secondsToLive(int $exp, int $now): int { return max(0, (int)ceil(($exp - $now) / 1000) + 120); }

    // Ends a verified token and its session. Unless this returns they are not revoked: answer 503.
    static function revoke(Denylist $denylist, array $claims, string $reason = "logout"): void {
        [, $now, $own] = $denylist->ask([]);
        [$terms, $epoch] = [$own[0], $denylist->epoch($own)];
        $lifetimes = Denylist::lifetimes($terms, $claims["iss"], $denylist->label);
        if ($epoch === null || $lifetimes === []) throw new RuntimeException("the denylist proves nothing");
        $seconds = ["jti" => min(self::LONGEST, self::secondsToLive(Denylist::toMs($claims["exp"]), $now)),
            "sid" => self::secondsToLive(end($lifetimes)["ms"], 0)];
        $named = array_filter($seconds, fn($scope) => ($claims[$scope] ?? "") !== "", ARRAY_FILTER_USE_KEY);
        if ($named === []) throw new RuntimeException("the token has neither jti nor sid: revoke its subject");
        $pipeline = ($denylist->connect)()->multi(Redis::PIPELINE);
        foreach (array_filter($named) as $scope => $ttl)
            $pipeline->setex(Denylist::key($scope, $claims[$scope], $denylist->label), $ttl, $reason);
        $replies = Store::replies($pipeline->mget(Denylist::OWN_KEYS));
        [$termsBehind, , $epochBehind] = array_pop($replies);
        if (in_array(false, $replies, true) || $termsBehind !== $terms || Denylist::epochs($epochBehind)[0] !== $epoch)
            throw new RuntimeException("not acknowledged");
    }
}
