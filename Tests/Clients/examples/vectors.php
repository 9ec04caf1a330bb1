<?php
// Plays the contract's examples with the middleware of the PHP API: php vectors.php contract.json EXAMPLES
[, $file, $examples] = $argv;
foreach (["Denylist", "Revocation", "StateFile"] as $class) require "$examples/php/$class.php";
$vectors = json_decode(file_get_contents($file), true, 64, JSON_THROW_ON_ERROR);
const WORDS = ["token" => "jti", "session" => "sid", "subject" => "sub", "client" => "client", "key" => "kid", "all" => "all"];

function in_seconds(array $claims): array {
    foreach (["iat", "auth_time", "exp"] as $name) if (isset($claims[$name])) $claims[$name] /= 1000;
    return $claims;
}

function verdict(array $row, string $pinned): string {
    $claims = in_seconds($row["token"]);
    $held = [];
    foreach (Denylist::scopes($claims, $claims["kid"] ?? null) as $scope => $name)
        $held[$scope] = $row["store"][Denylist::key($scope, $name, $row["label"] ?? "")] ?? false;
    $isProven = Denylist::epochs($row["store"]["revoked.epoch"] ?? false)[0] === $pinned;
    return Denylist::verdict($claims, $held, $row["now"], $isProven)[0];
}

function terms(array $row): ?array {
    foreach (["", "eu", "other"] as $label) {
        $lifetimes = Denylist::lifetimes($row["terms"], $row["iss"], $label);
        if ($lifetimes === []) continue;
        return ["is_kept" => Denylist::isKept(in_seconds($row), $lifetimes), "label" => $label === "" ? null : $label,
            "seconds" => Revocation::secondsToLive(end($lifetimes)["ms"], 0)];
    }
    return null;
}

$found = [
    "keys" => fn($row) => Denylist::key(WORDS[$row["scope"]], $row["identifier"] ?? "", $row["label"] ?? ""),
    "cut_offs" => fn($row) => Denylist::verdict([], ["all" => $row["value"]], $row["now"], true)[0] === "revoked",
    "lifetimes" => fn($row) => Revocation::secondsToLive($row["exp"], $row["now"]),
    "dates" => fn($row) => Denylist::toMs(json_decode($row["number"])),
    "verdicts" => fn($row) => verdict($row, $vectors["pinned"]),
    "pins" => fn($row) => Denylist::epochToPin($row["pinned"] ?? null, $row["epoch"] ?? false, $row["accepted"] ?? false),
    "terms" => terms(...),
];
$count = 0;
foreach ($found as $name => $find) {
    foreach ($vectors[$name] as $row) {
        $count++;
        if ($find($row) === $row["expected"]) continue;
        fwrite(STDERR, "$name: " . json_encode([$row, $find($row)]) . "\n");
        exit(1);
    }
}
echo "$count vectors hold in PHP\n";
