import Testing

@testable import RevokedServer

/// Commands of Redis 8.4 and Valkey 9, which redis-server 7.0.15 cannot be asked about.
@Suite struct NewerStringTests {
    private let bench = SessionBench()

    private func ask(_ line: String) -> String {
        text(bench.converse([encode(line.split(separator: " ").map(String.init))])).replacing("\r\n", with: " ")
            .trimmingSuffix(" ")
    }

    private func expect(_ steps: [(String, String)], _ location: SourceLocation = #_sourceLocation) {
        for (line, expected) in steps { #expect(ask(line) == expected, "\(line)", sourceLocation: location) }
    }

    @Test func setComparesFirst() {
        expect([
            ("SET k b IFEQ a", "$-1"), ("EXISTS k", ":0"), ("SET k a IFNE x", "+OK"), ("SET k b IFEQ x", "$-1"),
            ("SET k b IFEQ a", "+OK"), ("SET k c IFNE b", "$-1"), ("SET k c IFNE a EX 100", "+OK"), ("TTL k", ":100"),
            ("SET k d IFEQ x GET", "$1 c"), ("SET k d IFEQ c GET KEEPTTL", "$1 c"), ("GET k", "$1 d"),
            ("TTL k", ":100"), ("SET k e IFEQ d", "+OK"), ("TTL k", ":-1"), ("SET k e IFEQ", "-ERR syntax error"),
        ])
    }

    @Test func aRevocationThatIsComparedMerges() {
        expect([
            ("SETEX revoked:jti:a 100 logout", "+OK"), ("SET revoked:jti:a x EX 500 IFEQ other", "$-1"),
            ("TTL revoked:jti:a", ":100"), ("SET revoked:jti:a admin EX 200 IFEQ logout", "+OK"),
            ("GET revoked:jti:a", "$6 logout"), ("TTL revoked:jti:a", ":200"),
            ("SET revoked:jti:a admin EX 50 IFNE x", "+OK"), ("TTL revoked:jti:a", ":200"),
            ("SET revoked:jti:b admin EX 50 IFEQ x", "$-1"), ("EXISTS revoked:jti:b", ":0"),
        ])
    }

    @Test func deletingComparesFirst() {
        expect([
            ("DELEX k", ":0"), ("SET k a", "+OK"), ("DELEX k IFEQ b", ":0"), ("DELEX k IFNE a", ":0"),
            ("DELIFEQ k b", ":0"), ("GET k", "$1 a"), ("DELEX k IFEQ a", ":1"), ("DELEX k IFNE a", ":0"),
            ("SET k a", "+OK"), ("DELEX k IFNE b", ":1"), ("SET k a", "+OK"), ("DELIFEQ k a", ":1"),
            ("DELIFEQ k a", ":0"), ("SET k a", "+OK"), ("DELEX k", ":1"), ("EXISTS k", ":0"),
            ("DELEX k IFEQ", "-ERR wrong number of arguments for 'delex' command"),
            ("DELEX k FOO a", "-ERR Invalid condition. Use IFEQ or IFNE"),
        ])
    }

    @Test func severalAreSetWithOneExpiry() {
        expect([
            ("MSETEX 2 a 1 b 2 EX 100", ":1"), ("MGET a b", "*2 $1 1 $1 2"), ("TTL b", ":100"),
            ("MSETEX 2 b 3 c 4 NX", ":0"), ("MSETEX 2 b 3 c 4 XX", ":0"), ("MGET b c", "*2 $1 2 $-1"),
            ("MSETEX 2 a 5 b 6 XX KEEPTTL", ":1"), ("MGET a b", "*2 $1 5 $1 6"), ("TTL a", ":100"),
            ("MSETEX 1 a 7", ":1"), ("TTL a", ":-1"), ("MSETEX 2 c 1 d 2 PXAT 1790000050000 NX", ":1"),
            ("PEXPIRETIME d", ":1790000050000"), ("MSETEX 0 a 1", "-ERR invalid numkeys value or out of range"),
            ("MSETEX x a 1", "-ERR invalid numkeys value or out of range"), ("MSETEX 3 a 1 b 2", "-ERR syntax error"),
            ("MSETEX 2147483647 a 1", "-ERR syntax error"), ("MSETEX 1 a 1 b 2", "-ERR syntax error"),
            ("MSETEX 1 a 1 EX 0", "-ERR invalid expire time in 'msetex' command"),
        ])
    }

    /// Revocations among them merge; where one is refused nothing is written.
    @Test func severalRevocationsMerge() {
        expect([
            ("SETEX revoked:jti:a 100 logout", "+OK"),
            ("MSETEX 3 revoked:jti:a admin plain 1 revoked:sub:x 1790000000000 EX 50", ":1"),
            ("GET revoked:jti:a", "$6 logout"), ("TTL revoked:jti:a", ":100"), ("TTL plain", ":50"),
            ("TTL revoked:sub:x", ":50"), ("MSETEX 2 revoked:jti:a admin revoked:jti:b x EX 200", ":1"),
            ("TTL revoked:jti:a", ":200"), ("TTL revoked:jti:b", ":200"),
        ])
        #expect(ask("MSETEX 2 other 1 revoked:sub:x soon EX 500").hasPrefix("-ERR guarded key: "))
        #expect(ask("MSETEX 2 other 1 revoked:jti:c x KEEPTTL").hasPrefix("-ERR guarded key: "))
        #expect(ask("MSETEX 2 other 1 revoked.epoch x EX 50").hasPrefix("-ERR revoked.epoch "))
        expect([("EXISTS other revoked:jti:c", ":0"), ("TTL revoked:sub:x", ":50")])
    }

    @Test func keysThatAreCountedAreFoundByRules() {
        _ = ask("ACL SETUSER u on nopass ~a* +@all")
        #expect(ask("ACL DRYRUN u MSETEX 2 a 1 ab 2 EX 5") == "+OK")
        #expect(ask("ACL DRYRUN u MSETEX 2 a 1 b 2 EX 5").contains("no permissions to access the 'b' key"))
        #expect(ask("ACL DRYRUN u MSETEX 1 a 1 b 2") == "+OK")
        _ = ask("ACL SETUSER w on nopass %W~a +@all")
        #expect(ask("ACL DRYRUN w DELEX a") == "+OK")
        for line in ["DELEX a IFEQ x", "SET a b IFEQ x", "SET a b IFNE x", "DELIFEQ a x"] {
            #expect(ask("ACL DRYRUN w " + line).contains("no permissions to access the 'a' key"), "\(line)")
        }
        #expect(
            ask("COMMAND INFO msetex").contains("$6 keynum $4 spec *6 $9 keynumidx :0 $8 firstkey :1 $7 keystep :2"))
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
