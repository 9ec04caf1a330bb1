import Denylist
import Synchronization

@testable import Persistence

/// A daemon that can be followed, as far as a follower sees it: it hands out a table, records and leases.
final class FollowedStore: Sendable {
    struct State: Sendable {
        var epoch = "epoch"
        /// 0: no lease is granted.
        var lease: Int64 = 300
        /// What it says when none is granted.
        var refusal = "behind"
        var stretch = String(repeating: "5", count: 40)
        /// The stretch that this one continues.
        var continued: String?
        /// The end of the log.
        var end: UInt64 = 1_000
        var table: [(key: String, value: String)] = []
        /// The answer to `REPLCONF follower`.
        var admission = "+OK\r\n"
        /// Whether a follower may go on where it was.
        var resumes = true
        /// Answers `LEASE` in silence.
        var isSilent = false
        /// Answers to checks wait until the test releases them.
        var holdsChecks = false
        var mayDamage = false
        /// The answer to `LEASE RECEIPT`, and to writes; nil knows neither.
        var receipt: String?
    }

    let state = Mutex(State())
    let fake: FakeStore
    private let time: @Sendable () -> Int64
    private let information: String

    /// - Parameter time: Unix milliseconds.
    init(guardedPrefix: String = "revoked:", time: @escaping @Sendable () -> Int64) async throws {
        self.time = time
        information = "server_name:revoked\r\nguarded_prefix:\(guardedPrefix)\r\n"
        fake = try await FakeStore { _ in .nothing }
        fake.answer { [weak self] in self?.answer($0) ?? .nothing }
    }

    var url: String { fake.url }
    func stop() async { await fake.stop() }
    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// How many checks were asked over the wire.
    var asked: Int { fake.commands.count { $0.first == "MGET" && $0.contains { $0.hasPrefix("revoked:") } } }

    func count(_ words: String...) -> Int { fake.commands.count { $0.starts(with: words) } }

    /// The last position that a follower said that it has applied.
    var acknowledged: UInt64 {
        fake.commands.last { $0.starts(with: ["REPLCONF", "ACK"]) }.flatMap { UInt64($0[2]) } ?? 0
    }

    /// Writes records to the log, and sends them.
    func write(_ records: [UInt8]) {
        change { $0.end += UInt64(records.count) }
        fake.stream(records)
    }

    func revoke(_ key: String, _ value: String = "logout") {
        write(record("SET", key, value, "PXAT", "\(time() + 1_000_000)"))
    }

    private func answer(_ command: [String]) -> FakeStore.Answer {
        let state = state.withLock { $0 }
        switch command.first {
        case "INFO": return .bytes(bulk(information))
        case "TIME": return .bytes(RevocationTests.time(time()))
        case "MGET":
            let values = healthyValues(Array(command.dropFirst()), epoch: state.epoch)
            return state.holdsChecks ? .held(values) : .bytes(values)
        case "CLIENT", "AUTH": return .bytes("+OK\r\n")
        case "REPLCONF" where command[1] == "ACK": return .nothing
        case "REPLCONF" where command[1] == "follower": return .bytes(state.admission)
        case "REPLCONF": return .bytes("+OK\r\n")
        case "PSYNC": return .binary(stream(command, state))
        case "LEASE" where command[1] == "RENEW":
            if state.isSilent { return .nothing }
            return .bytes(
                "*6\r\n:\(state.lease)\r\n" + bulk(state.stretch) + ":\(state.end)\r\n" + bulk(state.epoch)
                    + ":\(time())\r\n" + bulk(state.lease == 0 ? state.refusal : ""))
        case "SETEX" where state.receipt != nil: return .bytes("+OK\r\n")
        case "LEASE" where command[1] == "RECEIPT": return .bytes(state.receipt ?? "-ERR unknown subcommand\r\n")
        case "LEASE": return .bytes("+OK\r\n")
        default: return .bytes("-ERR unknown command\r\n")
        }
    }

    private func stream(_ command: [String], _ state: State) -> [UInt8] {
        if state.resumes, [state.stretch, state.continued].contains(command[1]), command[2] == "\(state.end + 1)" {
            return Array("+CONTINUE \(state.stretch)\r\n".utf8)
        }
        var writer = RDBWriter(
            created: 1, isLogBase: true, entries: state.table.count, expiring: state.table.count,
            note: TimeNote(run: 1, shift: 0, guarded: time()))
        for entry in state.table {
            writer.append(entry.key.utf8.span.bytes, entry.value.utf8.span.bytes, expiry: time() + 1_000_000)
        }
        writer.finish()
        var file: [UInt8] = []
        writer.drain { file += $0.withUnsafeBytes(Array.init) }
        if state.mayDamage { file[file.count / 2] ^= 1 }
        return Array("+FULLRESYNC \(state.stretch) \(state.end)\r\n$\(file.count)\r\n".utf8) + file
    }
}

/// A record of the log.
func record(_ words: String...) -> [UInt8] {
    Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
}
