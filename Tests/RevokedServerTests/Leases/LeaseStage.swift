import Denylist
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// A daemon on sockets with a log on disk, and clocks that the test moves.
final class LeaseStage {
    typealias Kind = ServerConfiguration.TransportKind

    static let lease: Int64 = 300

    let clock = TestClock()
    let daemon: Daemon
    let persistence: Persistence
    private let transport: any Transport
    private let folder: TemporaryFolder
    private(set) var port = 0

    /// - Parameter folder: that of a stage that has ended.
    init(
        _ kind: Kind = .nio, in folder: TemporaryFolder? = nil,
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.threads = 2
        configuration.transport = kind
        configuration.directory = folder.file("data")
        configure(&configuration)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let daemon = Daemon(configuration, time: clock.source, logger: logger)
        self.daemon = daemon
        persistence = try daemon.denylist.persistence(
            PersistenceConfiguration(directory: folder.file("data")), clock: daemon.clock, keepsClock: false,
            onProgress: { [weak daemon] in daemon?.logHasProgressed() })
        daemon.directoryTakenAt.store(clock.boot, ordering: .relaxed)
        _ = try persistence.recover()
        daemon.keep(by: persistence)
        let (epoch, isNew) = try persistence.begin()
        daemon.adopt(epoch, isNew: isNew)
        daemon.awaitEarlierLeases(persistence)
        daemon.loading.end()
        switch kind {
        case .nio: transport = NIOTransport(daemon, servesPlainText: true)
        case .epoll:
            #if os(Linux)
                transport = EpollTransport(daemon)
            #else
                transport = NIOTransport(daemon, servesPlainText: true)
            #endif
        }
    }

    func run(_ body: () async throws -> Void) async throws {
        guard case .tcp(_, let port)? = try await transport.start().first else { return }
        self.port = port
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        // Nobody waits for a lease any more.
        clock.advance(.seconds(60))
        await transport.stop()
        persistence.end()
        try result.get()
    }

    var leases: Leases { daemon.replicas.leases }

    /// Time passes for a daemon that runs: its thread looks at leases all the while.
    func pass(_ milliseconds: Int) {
        for passed in stride(from: 0, to: milliseconds, by: Int(Leases.turn)) {
            clock.advance(.milliseconds(min(Int(Leases.turn), milliseconds - passed)))
            _ = leases.runPeriodic(persistence.log, daemon)
        }
    }

    func connect() throws -> PlainSocket { try PlainSocket(port: port) }

    /// One that has copied everything.
    func follower(_ number: Int = 1) async throws -> ScriptedFollower {
        let follower = try ScriptedFollower(connect(), connect(), number)
        try await follower.copy()
        // The promise comes on disk before the first lease.
        try await eventually { [persistence, leases] in persistence.promisedLease >= leases.length }
        return follower
    }

    /// A reply, if one comes.
    func ask(_ words: String..., on socket: PlainSocket) -> String {
        socket.send(encode(words))
        return text(socket.receive(within: .seconds(10)) ?? [])
    }

    /// Whether nothing comes, although the disk has everything.
    func isWaiting(_ socket: PlainSocket) async throws -> Bool {
        let log = persistence.log
        try await eventually { log.acknowledged >= log.end }
        return socket.receive(within: .milliseconds(60)) == []
    }
}

/// A follower without a table: it counts bytes, and says what the test has it say.
final class ScriptedFollower {
    let name: String
    let stream: PlainSocket
    let requests: PlainSocket
    private(set) var stretch = ""
    /// The position after everything that it has read.
    private(set) var position: UInt64 = 0

    init(_ stream: PlainSocket, _ requests: PlainSocket, _ number: Int) {
        name = String(repeating: "0", count: 30) + (number < 16 ? "0" : "") + String(number, radix: 16)
        self.stream = stream
        self.requests = requests
    }

    struct Lease: Equatable {
        let length: Int64
        let stretch: String
        let position: UInt64
        let epoch: String
        let guarded: Int64
        let reason: String
    }

    /// Reads the whole table.
    func copy() async throws {
        stream.send(encode(["REPLCONF", "follower", name]))
        #expect(text(stream.receive(until: 5)) == "+OK\r\n")
        stream.send(encode(["PSYNC", "?", "-1"]))
        var bytes: [UInt8] = []
        while true {
            bytes += try #require(stream.receive(within: .seconds(10)))
            let lines = text(bytes.drop { $0 == 0x0A }.map { $0 }).components(separatedBy: "\r\n")
            guard lines.count > 2, let size = Int(lines[1].dropFirst()) else { continue }
            let words = lines[0].split(separator: " ")
            stretch = String(words[1])
            position = UInt64(words[2]) ?? 0
            let head = bytes.count { $0 == 0x0A && bytes.first == 0x0A } > 0 ? bytes.prefix { $0 == 0x0A }.count : 0
            let read = bytes.count - head - lines[0].utf8.count - lines[1].utf8.count - 4
            let rest = stream.receive(until: max(0, size - read))
            position += UInt64(read + rest.count - size)
            return
        }
    }

    /// Reads what has come, and says what it has.
    func apply() {
        read()
        acknowledge(position)
    }

    func read() {
        while let bytes = stream.receive(within: .milliseconds(20)), !bytes.isEmpty { position += UInt64(bytes.count) }
    }

    func acknowledge(_ position: UInt64) { stream.send(encode(["REPLCONF", "ACK", "\(position)"])) }

    func renew(_ name: String? = nil, applied: UInt64? = nil) throws -> Lease {
        requests.send(encode(["LEASE", "RENEW", name ?? self.name, "\(applied ?? position)"]))
        let lines = text(try #require(requests.receive(within: .seconds(10)))).components(separatedBy: "\r\n")
        try #require(lines.count == 11, "\(lines)")
        return Lease(
            length: Int64(lines[1].dropFirst()) ?? -1, stretch: lines[3],
            position: UInt64(lines[4].dropFirst()) ?? .max, epoch: lines[6],
            guarded: Int64(lines[7].dropFirst()) ?? -1, reason: lines[9])
    }
}
