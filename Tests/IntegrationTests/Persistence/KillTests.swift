import Foundation
import TestSupport
import Testing

/// The real process is killed at random moments while clients write; a list of what was acknowledged is the judge.
@Suite struct KillTests {
    /// For each transport. For more: `REVOKED_KILLS=100 swift test --filter KillTests`.
    private static let kills = ProcessInfo.processInfo.environment["REVOKED_KILLS"].flatMap { Int($0) } ?? 12

    @Test(arguments: ["epoll", "nio"])
    func nothingAcknowledgedIsMissing(_ transport: String) throws {
        var random = SeededGenerator(seed: transport == "epoll" ? 1 : 2)
        let data = try DataFolder()
        let settings = ["--transport", transport, "--auto-aof-rewrite-min-size", "20kb"]
        var acknowledged: [String] = []
        var daemon = try data.start(settings)
        let epoch = try daemon.epoch()
        var next = 0
        for _ in 0..<Self.kills {
            let sockets = try (0..<3).map { _ in try daemon.connect() }
            let rounds = random.number(1..<60)
            for _ in 0..<rounds {
                var sent: [[String]] = []
                for socket in sockets {
                    let keys = (0..<random.number(1..<8)).map { "revoked:jti:\(next + $0)" }
                    next += keys.count
                    try socket.send(keys.flatMap { WireCommand(text: "SETEX \($0) 10000 logout").encoded })
                    sent.append(keys)
                }
                for (socket, keys) in zip(sockets, sent) {
                    for key in keys where try socket.reply() == Bytes("+OK\r\n".utf8) { acknowledged.append(key) }
                }
            }
            // Some of these are cut off half-way.
            for socket in sockets {
                try socket.send(
                    (0..<200).flatMap { WireCommand(text: "SETEX revoked:jti:late-\(next + $0) 10000 logout").encoded })
            }
            if random.chance(30) { daemon.process.terminate(SIGSTOP) }
            try daemon.kill()
            daemon = try data.start(settings)
            #expect(try daemon.epoch() == epoch)
            try expectAll(acknowledged, at: daemon)
        }
        #expect(acknowledged.count >= Self.kills * 3, "something was acknowledged before each kill")
        print("\(transport): \(Self.kills) kills, \(acknowledged.count) acknowledged writes, all of them there")
    }

    /// Caches of several databases are written and emptied beside revocations: after each kill every database holds
    /// what was acknowledged last, and every revocation is there under the same epoch.
    @Test func databasesAreKeptApart() throws {
        var caches = Caches()
        let data = try DataFolder()
        let settings = ["--auto-aof-rewrite-min-size", "20kb"]
        var daemon = try data.start(settings)
        let epoch = try daemon.epoch()
        for life in 0..<Self.kills {
            try caches.live(life, at: daemon)
            try daemon.kill()
            daemon = try data.start(settings)
            #expect(try daemon.epoch() == epoch)
            try expectAll(caches.revoked, at: daemon)
            try caches.check(at: daemon)
        }
        #expect(caches.writes >= Self.kills * 3 && !caches.revoked.isEmpty)
    }

    /// Clients of databases 1, 4 and 15, and what was acknowledged to them.
    private struct Caches {
        var random = SeededGenerator(seed: 7)
        var revoked: [String] = []
        var known: [Int: [String: String]] = [:]
        var writes = 0

        mutating func live(_ life: Int, at daemon: DaemonProcess) throws {
            let sockets = try [1, 4, 15].map { number in
                let socket = try daemon.connect()
                try socket.expect("SELECT \(number)", "+OK")
                return (number, socket)
            }
            for round in 0..<random.number(1..<40) {
                for (number, socket) in sockets { try write("\(life)-\(round)", number, socket) }
            }
            // Some of these are cut off half-way: they write what is there already.
            for (number, socket) in sockets {
                let same = known[number] ?? [:]
                try socket.send(
                    same.flatMap { WireCommand(text: "SET \($0.key) \($0.value)").encoded }
                        + (0..<50).flatMap { WireCommand(text: "SETEX late\($0) 10000 x").encoded })
            }
        }

        private mutating func write(_ value: String, _ number: Int, _ socket: TestSocket) throws {
            let key = "k\(random.number(0..<8))"
            switch random.number(0..<10) {
            case 0:
                try socket.expect("FLUSHDB", "+OK")
                known[number] = [:]
            case 1:
                try socket.expect("DEL \(key)", known[number]?[key] == nil ? ":0" : ":1")
                known[number]?[key] = nil
            case 2..<4:
                let revocation = "revoked:jti:\(number)-\(value)"
                revoked.append(revocation)
                try socket.expect("SETEX \(revocation) 10000 logout", "+OK")
            default:
                try socket.expect("SET \(key) \(value)", "+OK")
                known[number, default: [:]][key] = value
            }
            writes += 1
        }

        func check(at daemon: DaemonProcess) throws {
            let socket = try daemon.connect()
            for number in 0..<16 {
                try socket.expect("SELECT \(number)", "+OK")
                var found: [String: String] = [:]
                for key in try ReplyFrame.elements(of: socket.command("KEYS k*")).compactMap(ReplyFrame.bulk) {
                    var get: WireCommand = ["GET"]
                    get.words.append(key)
                    let value = ReplyFrame.bulk(try socket.command(get)) ?? []
                    found[String(decoding: key, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
                }
                #expect(found == known[number] ?? [:], "database \(number)")
                try socket.expect("DEL \((0..<50).map { "late\($0)" }.joined(separator: " "))", ":…")
            }
        }
    }

    /// Under `everysec` only what is younger than two seconds may be missing.
    @Test func nothingOlderThanTwoSecondsIsMissing() throws {
        var random = SeededGenerator(seed: 3)
        let data = try DataFolder()
        var daemon = try data.start(["--appendfsync", "everysec"])
        var next = 0
        var due: [String] = []
        for _ in 0..<3 {
            var acknowledged: [(key: String, at: ContinuousClock.Instant)] = []
            let socket = try daemon.connect()
            let end = ContinuousClock.now + .milliseconds(random.number(2_500..<3_500))
            while ContinuousClock.now < end {
                let keys = (0..<20).map { "revoked:jti:\(next + $0)" }
                next += keys.count
                try socket.send(keys.flatMap { WireCommand(text: "SETEX \($0) 10000 logout").encoded })
                for key in keys {
                    #expect(try socket.reply() == Bytes("+OK\r\n".utf8))
                    acknowledged.append((key, .now))
                }
            }
            let killed = ContinuousClock.now
            try daemon.kill()
            daemon = try data.start(["--appendfsync", "everysec"])
            let old = acknowledged.filter { killed - $0.at > .seconds(2) }.map(\.key)
            #expect(old.count > 100)
            // What has survived one kill survives the next.
            due += old
            try expectAll(due, at: daemon)
        }
    }

    private func expectAll(_ keys: [String], at daemon: DaemonProcess) throws {
        let socket = try daemon.connect()
        for start in stride(from: 0, to: keys.count, by: 500) {
            let part = keys[start..<min(start + 500, keys.count)]
            try socket.expect(WireCommand(text: "EXISTS " + part.joined(separator: " ")), ":\(part.count)")
        }
    }

    /// A client that is paused with the daemon gets its answers afterwards.
    @Test func aPauseLosesNothing() throws {
        let data = try DataFolder()
        let daemon = try data.start()
        let socket = try daemon.connect()
        daemon.process.terminate(SIGSTOP)
        try socket.send((0..<100).flatMap { WireCommand(text: "SETEX revoked:jti:\($0) 1000 logout").encoded })
        daemon.process.terminate(SIGCONT)
        for _ in 0..<100 { #expect(try socket.reply() == Bytes("+OK\r\n".utf8)) }
        try daemon.kill()
        let again = try data.start()
        try again.connect().expect("DBSIZE", ":100")
    }
}
