import RevokedServer
import Testing

/// Undoing is explicit, and privileged once there is an admin (Guarantees.md, 3).
@Suite struct UndoTests {
    private static let password = "correct-horse"

    @Test(arguments: [
        "DEL K", "UNLINK K", "GETDEL K", "FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC", "DEL plain K", "DELEX K",
        "DELEX K IFEQ v", "DELEX K IFNE w", "DELIFEQ K v",
    ])
    func withoutAnAdminAnyoneMayUndo(_ text: String) async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            _ = try socket.command(WireCommand(text: text, key: "revoked:jti:a"))
            try socket.expect("EXISTS revoked:jti:a", ":0")
            // And it may be revoked again, as if it had never been.
            try socket.expect("SETEX revoked:jti:a 10 w", "+OK")
            try socket.expect("GET revoked:jti:a", "\"w\"")
            try socket.expect("TTL revoked:jti:a", ":10")
        }
    }

    @Test(arguments: [
        ("DEL K", "del"), ("UNLINK K", "unlink"), ("GETDEL K", "getdel"), ("DEL plain K", "del"),
        ("DELEX K", "delex"), ("DELEX K IFEQ v", "delex"), ("DELEX K IFEQ w", "delex"), ("DELIFEQ K v", "delifeq"),
        ("UNLINK K plain", "unlink"), ("FLUSHDB", "flushdb"), ("FLUSHALL", "flushall"), ("FLUSHALL ASYNC", "flushall"),
        ("CONFIG SET maxmemory 1gb", "config|set"), ("CONFIG RESETSTAT", "config|resetstat"), ("SHUTDOWN", "shutdown"),
        ("SHUTDOWN NOSAVE", "shutdown"), ("CLIENT KILL ID 1", "client|kill"),
        ("CLIENT KILL 127.0.0.1:1", "client|kill"),
    ])
    func withAnAdminNobodyElseMay(_ text: String, _ command: String) async throws {
        try await LocalDaemon.run {
            $0.adminPassword = Self.password
        } _: { daemon in
            let socket = try daemon.connect()
            try socket.expect("MSET plain 1", "+OK")
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            try socket.expect(
                WireCommand(text: text, key: "revoked:jti:a"),
                "-NOPERM this user has no permissions to run the '\(command)' command")
            try socket.expect("MGET revoked:jti:a plain", "[\"v\", \"1\"]")
            try socket.expect("CONFIG GET maxmemory", "[\"maxmemory\", \"0\"]")
        }
    }

    @Test func theAdminMay() async throws {
        try await LocalDaemon.run {
            $0.adminPassword = Self.password
        } _: { daemon in
            let socket = try daemon.connect()
            try socket.expect("AUTH admin wrong", "-WRONGPASS …")
            try socket.expect("AUTH \(Self.password)", "-ERR AUTH <password> called without any password…")
            try socket.expect("AUTH default \(Self.password)", "+OK")
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            try socket.expect("DEL revoked:jti:a", "-NOPERM …")
            try socket.expect("DEL plain", ":0")
            try socket.expect("AUTH admin \(Self.password)", "+OK")
            try socket.expect("DEL revoked:jti:a", ":1")
            try socket.expect("CONFIG SET maxmemory 1gb", "+OK")
            try socket.expect("CLIENT KILL ID 9999", ":0")
            try socket.expect("FLUSHALL", "+OK")
            // What the admin may not do either.
            try socket.expect("SETEX revoked:jti:a 100 v", "+OK")
            try socket.expect("PERSIST revoked:jti:a", "-ERR guarded key: …")
            try socket.expect("EXPIRE revoked:jti:a 1", "-ERR guarded key: …")
            // RESET gives the privilege back.
            try socket.expect("RESET", "+RESET")
            try socket.expect("DEL revoked:jti:a", "-NOPERM …")
            try socket.expect("HELLO 2 AUTH admin \(Self.password)", "[\"server\", \"redis\"…")
            try socket.expect("DEL revoked:jti:a", ":1")
        }
    }

    @Test func passwordsAreNotShown() async throws {
        try await LocalDaemon.run {
            $0.adminPassword = Self.password
            $0.password = Self.password + "2"
        } _: { daemon in
            let socket = try daemon.connect()
            try socket.expect("PING", "-NOAUTH Authentication required.")
            try socket.expect("GET revoked:jti:a", "-NOAUTH Authentication required.")
            try socket.expect("AUTH admin \(Self.password)", "+OK")
            for command: WireCommand in ["CONFIG GET *", "INFO", "CLIENT LIST", "CLIENT INFO", "COMMAND DOCS"] {
                #expect(!(try socket.ask(command).contains(Self.password)), "\(command)")
            }
        }
    }

    /// `revoked.accepted` is an operator's word: once there is an admin only the admin gives it.
    @Test func theAcceptanceIsTheAdmins() async throws {
        try await LocalDaemon.run {
            $0.adminPassword = Self.password
        } _: { daemon in
            let (admin, other) = (try daemon.connect(), try daemon.connect())
            try admin.expect("AUTH admin \(Self.password)", "+OK")
            try admin.expect("FLUSHALL", "+OK")
            let demand = try other.ask("GET revoked.epoch")
            let acceptance: WireCommand = ["SET", "revoked.accepted", String(demand.dropFirst().dropLast())]
            try other.expect(acceptance, "-NOPERM …")
            try other.expect("GET revoked.epoch", demand)
            try admin.expect(acceptance, "+OK")
            let writes: [WireCommand] = [
                "SET revoked.accepted y", "SETEX revoked.accepted 10 y", "SETNX revoked.accepted y",
                "MSET plain 1 revoked.accepted y", "DEL revoked.accepted", "GETDEL revoked.accepted",
                "EXPIRE revoked.accepted 1", "GETEX revoked.accepted EX 1", "UNLINK revoked.accepted",
            ]
            for write in writes { try other.expect(write, "-NOPERM …") }
            try other.expect("GET revoked.accepted", demand)
            try other.expect("TTL revoked.accepted", ":-1")
        }
    }
}
