<?php
// Keeps the pinned epoch over restarts, in the format of a node's --state-file: one line, `revoked state 1 EPOCH`.
final class StateFile {
    function __construct(readonly string $path) {}

    // null before the first contact. A file that is damaged or cannot be read is an error: a pin is never forgotten by
    // accident. Only the directory tells whether there is none: PHP says "No such file" of links that lead nowhere, too.
    function read(): ?string {
        $text = @file_get_contents($this->path);
        $names = $text === false ? @scandir(dirname($this->path)) : false;
        if ($names && !in_array(basename($this->path), $names, true)) return null;
        if (preg_match('/\Arevoked state 1 ([!-~]{1,256})\n\z/', (string)$text, $found)) return $found[1];
        throw new UnexpectedValueException("$this->path is damaged: one line is expected, revoked state 1 EPOCH");
    }

    function save(string $epoch): void {
        $draft = "$this->path." . bin2hex(random_bytes(16));
        $text = "revoked state 1 $epoch\n";
        $file = @fopen($draft, "x");
        if ($file && @fwrite($file, $text) === strlen($text) && fsync($file) && @rename($draft, $this->path)) return;
        @unlink($draft);
        throw new RuntimeException("cannot write $this->path");
    }
}
