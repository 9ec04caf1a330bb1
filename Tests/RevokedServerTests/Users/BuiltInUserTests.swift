import Foundation
import RESP
import Testing

@testable import RevokedServer

/// What each built-in user may do, tried: every command on every kind of key. The table in *Operating* is what came of
/// it.
@Suite struct BuiltInUserTests {
    private static let users = ["default", "reader", "writer", "operator", "replica", "follower", "admin"]

    /// One kind of key: how the table calls it, one of its keys, and a value that may be written there.
    private struct Kind {
        let name: String
        let key: String
        var value = "x"
    }

    private static let terms =
        #"{"issuers":[{"lead":0,"lifetimes":[{"ms":1000,"since":0}],"name":"a"}],"leeway":0,"v":1}"#
    private static let now = "1790000000000"
    private static let scopes = [
        Kind(name: "tokens", key: "revoked:jti:a"), Kind(name: "sessions", key: "revoked:sid:a"),
        Kind(name: "subjects", key: "revoked:label:sub:a", value: now),
        Kind(name: "clients", key: "revoked:client:a", value: now), Kind(name: "keys", key: "revoked:label:kid:a"),
        Kind(name: "all", key: "revoked:all", value: now),
    ]
    private static let own = [
        Kind(name: "`revoked.epoch`", key: "revoked.epoch"),
        Kind(name: "`revoked.terms`", key: "revoked.terms", value: terms),
        // Its value is what the epoch asks for.
        Kind(name: "`revoked.accepted`", key: "revoked.accepted"),
    ]
    // A number, for the commands that count.
    private static let plain = [Kind(name: "others", key: "other", value: "1")]

    /// A daemon with all users, an entry of each kind, and an epoch that an operator may accept.
    private static func client(_ user: String) -> SessionBench {
        let daemon = SessionBench.daemon {
            ($0.password, $0.adminPassword) = ("p", "p")
            ($0.readerPassword, $0.writerPassword, $0.operatorPassword) = ("p", "p", "p")
            ($0.replicaPassword, $0.followerPassword) = ("p", "p")
        }
        let admin = SessionBench(daemon)
        #expect(admin.ask("AUTH", "admin", "p") == "+OK\r\n")
        #expect(admin.ask("FLUSHALL") == "+OK\r\n")
        for kind in scopes + plain { #expect(admin.ask("SETEX", kind.key, "100", kind.value) == "+OK\r\n") }
        #expect(admin.ask("SET", "revoked.terms", terms) == "+OK\r\n")
        let bench = SessionBench(daemon)
        #expect(bench.ask("AUTH", user, "p") == "+OK\r\n")
        return bench
    }

    // MARK: Trying

    /// What follows a command's key, if it succeeds for a revocation at all.
    private static func words(_ command: String, _ kind: Kind, _ bench: SessionBench) -> [String] {
        var value = kind.value
        if kind.key == "revoked.accepted" {
            value = bench.ask("GET", "revoked.epoch").split(separator: "\r\n").last.map(String.init) ?? ""
        }
        let isOwn = kind.key.hasPrefix("revoked.")
        let rest: [String] =
            switch command {
            case "set": isOwn ? [value] : [value, "EX", "200"]
            case "setex": ["200", value]
            case "psetex": ["200000", value]
            case "msetex": ["1", kind.key, value, "EX", "200"]
            case "setnx", "mset", "msetnx", "getset", "append", "delifeq": [value]
            case "incrby", "decrby", "incrbyfloat": ["1"]
            case "getrange", "substr", "setrange", "setbit": ["0", "1"]
            case "getbit": ["0"]
            case "lcs": [kind.key]
            case "rename", "renamenx", "copy": ["renamed"]
            case "move": ["5"]
            case "getex": ["EX", "200"]
            case "expire": ["200"]
            case "pexpire": ["200000"]
            case "expireat": ["1790000200"]
            case "pexpireat": ["1790000200000"]
            default: []
            }
        switch command {
        case "msetex": return [command] + rest
        // The script that releases a lock, and the one that asks for its time, by the SHA-1 of their texts.
        case "eval", "evalsha": return ["evalsha", "647c65a442733a1aa440f99908d249d13b4d6c4a", "1", kind.key, "y"]
        case "eval_ro", "evalsha_ro":
            return ["evalsha_ro", "6484da7d58920897fdc22b7f9afd1a3d47524ea8", "1", kind.key, "y"]
        default: return [command, kind.key] + rest
        }
    }

    /// The kinds that a command succeeds on. Only what a rule refuses is an error here.
    private static func kinds(of command: String, _ user: String) -> String {
        func allowed(_ kinds: [Kind]) -> [Kind] {
            kinds.filter { kind in
                let bench = client(user)
                return !text(bench.converse([encode(words(command, kind, bench))])).hasPrefix("-")
            }
        }
        let (scopes, own, plain) = (allowed(scopes), allowed(own), allowed(plain))
        var parts = scopes.count == Self.scopes.count ? ["revocations"] : scopes.map(\.name)
        parts += own.count == Self.own.count ? ["`revoked.*`"] : own.map(\.name)
        parts += plain.map(\.name)
        return parts.isEmpty ? "–" : parts.joined(separator: ", ")
    }

    private static func mayRun(_ words: [String], _ user: String) -> String {
        let reply = text(client(user).converse([encode(words)]))
        // EXEC says so of the transaction.
        return reply.hasPrefix("-NOPERM") || reply.contains(" because of: NOPERM") ? "–" : "yes"
    }

    /// Arguments of those without keys that need some.
    private static let arguments: [String: [[String]]] = [
        "scan": [["0"]], "keys": [["*"]], "echo": [["x"]], "auth": [["default", "p"]], "select": [["0"]],
        "swapdb": [["1", "2"]],
        "object|encoding": [["a"]], "object|freq": [["a"]], "object|idletime": [["a"]], "object|refcount": [["a"]],
        "memory|usage": [["a"]], "wait": [["0", "0"]], "replicaof": [["no", "one"]], "slaveof": [["no", "one"]],
        "psync": [["?", "-1"]], "lease|renew": [["x", "0"]], "lease|release": [["x"]],
        "lease|reader": [["revoked:"]], "debug": [["x"]],
        "info": [["server"], ["memory"], ["persistence"], ["replication"], ["followers"], []],
        "client|tracking": [["off"]], "client|caching": [["yes"]], "client|reply": [["on"]], "client|pause": [["1"]],
        "client|unblock": [["1"]], "client|setname": [["x"]], "client|setinfo": [["LIB-NAME", "x"]],
        "client|kill": [["ID", "99"]],
        "client|no-evict": [["on"]], "client|no-touch": [["on"]], "config|get": [["port"]],
        "script|exists": [["x"]], "script|load": [["x"]], "script|debug": [["NO"]],
        "config|set": [["maxmemory", "0"]], "acl|deluser": [["x"]], "acl|dryrun": [["admin", "ping"]],
        "acl|getuser": [["admin"]], "acl|setuser": [["x"]], "subscribe": [["x"]], "psubscribe": [["x"]],
        "ssubscribe": [["x"]], "publish": [["x", "y"]], "spublish": [["x", "y"]],
    ]

    private struct Row {
        var commands: [String]
        let cells: [String]
    }

    private static func rows() -> [Row] {
        var rows: [Row] = []
        func add(_ name: String, _ cells: [String]) {
            if let index = rows.firstIndex(where: { $0.cells == cells }) {
                rows[index].commands.append(name)
            } else {
                rows.append(Row(commands: [name], cells: cells))
            }
        }
        for entry in CommandCatalog.shared.commands {
            let command = CommandTable.shared.commands[entry.bit]
            if command.firstKey > 0, command.keyUse != .channel {
                add(entry.name.uppercased(), users.map { kinds(of: entry.name, $0) })
                continue
            }
            let isCallable = entry.subcommands.isEmpty || entry.arity == -1
            for part in (isCallable ? [entry] : []) + entry.subcommands {
                let name = part.name.split(separator: "|").map(String.init)
                for rest in arguments[part.name] ?? [[]] {
                    let shown = (name + (part.name == "info" ? rest : [])).joined(separator: " ").uppercased()
                    add(shown, users.map { mayRun(name + rest, $0) })
                }
            }
        }
        return rows
    }

    @Test func theTableInOperatingIsWhatUsersMayDo() throws {
        let rows = Self.rows()
        #expect(rows.count > 8)
        let lines =
            ([
                "| command | \(Self.users.map { "`\($0)`" }.joined(separator: " | ")) |",
                "|---|" + String(repeating: "---|", count: Self.users.count),
            ]
            + rows.map {
                "| \($0.commands.map { "`\($0)`" }.joined(separator: " ")) | \($0.cells.joined(separator: " | ")) |"
            })
            .joined(separator: "\n")
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Sources/RevokedServer/RevokedServer.docc/Operating.md"), encoding: .utf8)
        #expect(page.contains(lines + "\n"), "the table of Operating.md should be:\n\(lines)")
    }

    /// Whatever the table says, nobody but the administrator undoes.
    @Test func onlyTheAdministratorUndoes() {
        for row in Self.rows()
        where !Set(row.commands).isDisjoint(with: ["DEL", "UNLINK", "GETDEL", "DELEX", "DELIFEQ"]) {
            for (user, cell) in zip(Self.users, row.cells) {
                #expect(cell.contains("revocations") == (user == "admin"))
                #expect(user == "admin" || Self.scopes.allSatisfy { !cell.contains($0.name) })
            }
        }
    }
}
