import RevokedServer
import Testing

/// The daemon's own keys answer by name, and nothing that walks over keys meets them.
@Suite struct OwnKeysTests {
    private static let terms =
        #"{"issuers":[{"lead":0,"lifetimes":[{"ms":1000,"since":0}],"name":"a"}],"leeway":0,"v":1}"#
    /// As the tests print it.
    private static let shown = "\"\(terms)\""
    private static let names = ["revoked.epoch", "revoked.terms", "revoked.accepted"]

    /// Runs `body` on a daemon that holds all of them.
    /// - Parameter body: takes the acceptance, too, in quotes.
    private func converse(_ body: (TestSocket, _ acceptance: String) throws -> Void) async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            try socket.expect(["SET", "revoked.terms", Self.terms, "NX"], "+OK")
            try socket.expect("FLUSHALL", "+OK")
            let demand = try socket.ask("GET revoked.epoch")
            try socket.expect(["SET", "revoked.accepted", String(demand.dropFirst().dropLast())], "+OK")
            try body(socket, demand)
        }
    }

    @Test func theyAnswerByNameToWhateverReads() async throws {
        try await converse { socket, acceptance in
            let epoch = try socket.ask("GET revoked.epoch")
            #expect(epoch.count == 38)
            try socket.expect(
                "MGET revoked.epoch revoked.terms revoked.accepted", "[\(epoch), \(Self.shown), \(acceptance)]")
            try socket.expect("EXISTS revoked.epoch revoked.terms revoked.accepted revoked.epoch", ":4")
            try socket.expect("TOUCH revoked.epoch revoked.terms revoked.accepted", ":3")
            for name in Self.names {
                try socket.expect(["TYPE", name], "+string")
                try socket.expect(["TTL", name], ":-1")
                try socket.expect(["PEXPIRETIME", name], ":-1")
                try socket.expect(["GETEX", name], try socket.ask(["GET", name]))
                // Equal commands side by side take another way.
                try socket.send((0..<3).flatMap { _ in WireCommand(text: "EXISTS K", key: name).encoded })
                for _ in 0..<3 { #expect(try socket.reply() == Bytes(":1\r\n".utf8)) }
            }
            try socket.expect("STRLEN revoked.epoch", ":36")
        }
    }

    @Test func nothingThatWalksMeetsThem() async throws {
        try await converse { socket, _ in
            try socket.expect("DBSIZE", ":0")
            try socket.expect("KEYS *", "[]")
            try socket.expect("KEYS revoked.epoch", "[]")
            try socket.expect("SCAN 0 COUNT 1000", "[\"0\", []]")
            for _ in 0..<20 { try socket.expect("RANDOMKEY", "nil") }
            try socket.expect("INFO keyspace", "\"# Keyspace\\r\\n\"")
            try socket.expect("MSET a 1 b 2", "+OK")
            try socket.expect("DBSIZE", ":2")
            try socket.expect("INFO keyspace", "\"# Keyspace\\r\\ndb0:keys=2,…")
            for _ in 0..<20 { #expect(["\"a\"", "\"b\""].contains(try socket.ask("RANDOMKEY"))) }
            try socket.expect("SCAN 0 COUNT 1000 MATCH revoked*", "[\"0\", []]")
        }
    }

    /// What a framework's "clear the cache" does: it deletes by name what it found, and more besides.
    @Test func deletingSeveralPassesThemOver() async throws {
        try await converse { socket, acceptance in
            let epoch = try socket.ask("GET revoked.epoch")
            for command in ["DEL", "UNLINK"] {
                try socket.expect("MSET a 1 b 2", "+OK")
                try socket.expect([command, "a", "revoked.epoch", "revoked.terms", "b", "revoked.accepted"], ":2")
                try socket.expect([command, "revoked.epoch", "revoked.terms"], ":0")
                try socket.expect("EXISTS a b", ":0")
            }
            try socket.expect(
                "MGET revoked.epoch revoked.terms revoked.accepted", "[\(epoch), \(Self.shown), \(acceptance)]")
        }
    }

    @Test func onlyAPlainSetWritesThem() async throws {
        try await converse { socket, acceptance in
            let before = try socket.ask("MGET revoked.epoch revoked.terms revoked.accepted")
            for name in Self.names {
                for command in [
                    "SETNX K y", "SETEX K 10 y", "PSETEX K 10 y", "SET K y EX 10", "SET K y KEEPTTL",
                    "MSET plain 1 K y",
                    "GETDEL K", "GETEX K EX 1", "GETEX K PERSIST", "EXPIRE K 1", "EXPIRE K 0", "PEXPIREAT K 1",
                    "PERSIST K", "DEL K", "UNLINK K",
                ] {
                    try socket.expect(WireCommand(text: command, key: name), "-ERR \(name) is …")
                }
            }
            #expect(try socket.ask("MGET revoked.epoch revoked.terms revoked.accepted") == before)
            try socket.expect("EXISTS plain", ":0")
            for condition in ["GET", "NX", "XX"] {
                try socket.expect(["SET", "revoked.accepted", "y", condition], "-ERR revoked.accepted is …")
            }
            try socket.expect("GET revoked.accepted", acceptance)
        }
    }

    /// Whoever comes first writes the terms; an administrator alone writes them again.
    @Test func theFirstTermsNeedNoAdministrator() async throws {
        try await LocalDaemon.run {
            $0.adminPassword = "admin-of-a-test"
        } _: { daemon in
            let socket = try daemon.connect()
            try socket.expect("SET revoked.accepted x", "-NOPERM …")
            try socket.expect(["SET", "revoked.terms", Self.terms, "NX"], "+OK")
            try socket.expect(["SET", "revoked.terms", Self.terms, "NX"], "nil")
            try socket.expect(["SET", "revoked.terms", Self.terms], "-NOPERM …")
            try socket.expect("DEL revoked.terms", "-NOPERM …")
            try socket.expect("GET revoked.terms", Self.shown)
            let long = String(repeating: "x", count: 4097)
            try socket.expect(["SET", "revoked.terms", long], "-ERR revoked.terms takes at most 4096 bytes")
        }
    }

    /// A process that finds them gone would write its own: revocations would be looked for elsewhere, or be kept too
    /// short.
    @Test func theTermsOnlyGrow() async throws {
        func terms(_ change: (String, String)) -> String { Self.terms.replacing(change.0, with: change.1) }
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            for text in ["{}", "", terms(("\"v\":1", "\"v\":2")), Self.terms + " ", terms(("1000", "0"))] {
                try socket.expect(["SET", "revoked.terms", text], "-ERR revoked.terms: …")
            }
            try socket.expect("GET revoked.terms", "nil")
            try socket.expect(["SET", "revoked.terms", Self.terms], "+OK")
            try socket.expect("SETEX revoked:jti:a 100 logout", "+OK")
            for change in [
                ("\"name\":\"a\"", "\"name\":\"b\""), ("1000", "999"), ("1000", "1001"),
                ("{\"lead\"", "{\"label\":\"l\",\"lead\""),
            ] {
                try socket.expect(["SET", "revoked.terms", terms(change)], "-ERR revoked.terms only grow: …")
            }
            let grown = terms(("\"since\":0}", "\"since\":0},{\"ms\":2000,\"since\":5}"))
            try socket.expect(["SET", "revoked.terms", grown], "+OK")
            try socket.expect(["SET", "revoked.terms", grown], "+OK")
            try socket.expect(["SET", "revoked.terms", Self.terms], "-ERR revoked.terms only grow: …")
            let epoch = try socket.ask("GET revoked.epoch")
            for command in ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC"] {
                try socket.expect("SET plain 1", "+OK")
                try socket.expect(WireCommand(text: command), "+OK")
                try socket.expect("EXISTS revoked.terms plain", ":1")
            }
            try socket.expect("SET plain 1", "+OK")
            try socket.expect(["SET", "revoked.terms", Self.terms], "-ERR revoked.terms only grow: …")
            try socket.expect(["GET", "revoked.terms"], "\"\(grown)\"")
            #expect(try socket.ask("GET revoked.epoch") != epoch)
        }
    }

    /// Somebody else has written the terms of a new denylist, and no node can start: the administrator has a way out.
    @Test func anAdministratorReplacesTheTermsOfADenylistThatHoldsNothing() async throws {
        let strange = #"{"issuers":[{"lead":0,"lifetimes":[{"ms":1,"since":0}],"name":"strange"}],"leeway":0,"v":1}"#
        try await LocalDaemon.run {
            $0.adminPassword = "admin-of-a-test"
        } _: { daemon in
            let (socket, admin) = (try daemon.connect(), try daemon.connect())
            try admin.expect("AUTH admin admin-of-a-test", "+OK")
            try socket.expect(["SET", "revoked.terms", strange, "NX"], "+OK")
            try socket.expect(["SET", "revoked.terms", Self.terms], "-NOPERM …")
            // A revocation, or any other key, may rest on them.
            try socket.expect("SETEX revoked:jti:a 100 logout", "+OK")
            try admin.expect(["SET", "revoked.terms", Self.terms], "-ERR revoked.terms only grow: …")
            try socket.expect("GET revoked.terms", "\"\(strange)\"")
            try admin.expect("FLUSHALL", "+OK")
            try socket.expect(["SET", "revoked.terms", Self.terms], "-NOPERM …")
            try admin.expect(["SET", "revoked.terms", Self.terms, "GET"], "-ERR revoked.terms only grow: …")
            try admin.expect(["SET", "revoked.terms", Self.terms], "+OK")
            try socket.expect("GET revoked.terms", Self.shown)
        }
    }

    /// Names that only look like theirs are plain keys.
    @Test func otherNamesArePlain() async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            let names = [
                "revoked.epocH", "revoked.epoch ", "revoked.term", "revoked.", "revoked.acceptance", "Revoked.epoch",
            ]
            for name in names {
                try socket.expect(["SET", name, "x"], "+OK")
                try socket.expect(["DEL", name], ":1")
            }
        }
    }
}
