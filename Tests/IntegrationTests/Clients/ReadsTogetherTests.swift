import Foundation
import TestSupport
import Testing

/// Many clients whose requests are there at the same moment: they are served together, and none notices.
@Suite struct ReadsTogetherTests {
    /// What one client sends, and what it is owed.
    private struct Visit {
        var request: Bytes = []
        var reply: Bytes = []
        /// Sent once all others have been answered.
        var rest: Bytes = []
        /// The daemon hangs up behind the reply.
        var closes = false
        /// Another client has it killed, before or after its reply.
        var isVictim = false

        mutating func ask(_ command: WireCommand, _ reply: String) {
            request += command.encoded
            self.reply += Bytes(reply.utf8) + Bytes("\r\n".utf8)
        }
    }

    private static let large = String(repeating: "v", count: 100_000)
    private static let kinds = [
        "checks", "reads", "writes", "line", "half", "long", "large", "wrong", "quit", "greedy",
    ]

    /// - Parameter name: the beginning of keys that nobody else uses.
    private func visit(_ kind: String, _ name: String, _ random: inout SeededGenerator) -> Visit {
        var visit = Visit()
        switch kind {
        case "checks", "long":
            for _ in 0..<(kind == "long" ? random.number(100..<200) : random.number(1..<40)) {
                let number = random.number(0..<100)
                visit.ask(WireCommand(text: "EXISTS revoked:jti:\(uuid(number))"), number < 50 ? ":1" : ":0")
            }
        case "reads":
            visit.ask(WireCommand(text: "GET revoked:jti:\(uuid(1))"), "$6\r\nlogout")
            visit.ask(
                WireCommand(text: "MGET revoked:jti:\(uuid(99)) revoked:jti:\(uuid(2))"), "*2\r\n$-1\r\n$6\r\nlogout")
        case "writes":
            for index in 0..<random.number(1..<8) {
                visit.ask(WireCommand(text: "SETEX \(name):\(index) 1000 a"), "+OK")
                visit.ask(WireCommand(text: "EXISTS \(name):\(index) \(name):none"), ":1")
                visit.ask(
                    WireCommand(text: "SETEX \(name):\(index)"), "-ERR wrong number of arguments for 'setex' command")
            }
        case "line":
            visit.ask("EXISTS revoked:jti:none", ":0")
            visit.request += Bytes("PING\r\n".utf8)
            visit.reply += Bytes("+PONG\r\n".utf8)
            visit.ask("PING", "+PONG")
        case "half":
            visit.ask("PING", "+PONG")
            visit.ask(WireCommand(text: "EXISTS revoked:jti:\(uuid(3))"), ":1")
            let cut = random.number(1..<visit.request.count)
            visit.rest = Bytes(visit.request[cut...])
            visit.request.removeSubrange(cut...)
        case "large":
            let value = String(repeating: "e", count: random.number(10_000..<40_000))
            visit.ask(["ECHO", value], "$\(value.utf8.count)\r\n\(value)")
            visit.ask("PING", "+PONG")
        case "wrong":
            visit.ask("PING", "+PONG")
            visit.request += Bytes("*1\r\nx\r\n".utf8)
            visit.reply += Bytes("-ERR Protocol error: expected '$', got 'x'\r\n".utf8)
            visit.closes = true
        case "quit":
            visit.ask("QUIT", "+OK")
            visit.request += Bytes("PING\r\n".utf8)
            visit.closes = true
        default:
            // Three megabytes, of which none may leave.
            visit.request = WireCommand(text: "MGET" + String(repeating: " large", count: 30)).encoded
            visit.closes = true
        }
        return visit
    }

    private func uuid(_ number: Int) -> String { String(format: "0d9f1c1e-0000-4000-8000-%012x", number) }

    @Test(arguments: [["--appendonly", "no"], ["--appendfsync", "always"], ["--transport", "nio"]])
    func everyClientGetsItsOwnReplies(_ settings: [String]) async throws {
        let daemon = try DaemonProcess(settings + ["--threads", "1", "--output-limit", "2mb"])
        let first = try daemon.connect()
        try first.expect(["SETEX", "large", "1000", Self.large], "+OK")
        for number in 0..<50 {
            try first.expect(WireCommand(text: "SETEX revoked:jti:\(uuid(number)) 1000 logout"), "+OK")
        }
        var random = SeededGenerator(seed: 11)
        for round in 0..<20 {
            let sockets = try (0..<40).map { _ in try daemon.connect() }
            var visits = sockets.indices.map { visit(random.pick(Self.kinds), "t:\(round):\($0)", &random) }
            // The last to be served leaves nothing behind for those who were served with it.
            visits[39] = visit("greedy", "", &random)
            let (killer, victim) = (random.number(0..<39), random.number(0..<39))
            if killer != victim, visits[victim].rest.isEmpty, !visits[victim].closes {
                let id = try sockets[victim].ask("CLIENT ID").dropFirst()
                visits[killer] = Visit()
                visits[killer].ask(WireCommand(text: "CLIENT KILL ID \(id)"), ":1")
                visits[victim].isVictim = true
            }
            for socket in sockets where try socket.ask("PING") != "+PONG" { throw TestFailure("no PONG") }

            try await daemon.process.stop()
            for (socket, visit) in zip(sockets, visits) { try socket.send(visit.request) }
            daemon.process.terminate(SIGCONT)

            for (index, visit) in visits.enumerated() where visit.rest.isEmpty {
                try check(sockets[index], visit, "round \(round), client \(index)")
            }
            for (index, visit) in visits.enumerated() where !visit.rest.isEmpty {
                try sockets[index].send(visit.rest)
                try check(sockets[index], visit, "round \(round), client \(index), second half")
            }
        }
        try first.expect("PING", "+PONG")
    }

    private func check(_ socket: TestSocket, _ visit: Visit, _ what: String) throws {
        var reply: Bytes = []
        if visit.closes || visit.isVictim {
            reply = try socket.readToEnd()
        } else {
            while reply.count < visit.reply.count { reply += try socket.reply() }
            #expect(try socket.ask("ECHO end") == "\"end\"")
        }
        let isRight = visit.isVictim ? visit.reply.starts(with: reply) : reply == visit.reply
        #expect(
            isRight, "\(what): \(readable(Bytes(reply.prefix(200)))) for \(readable(Bytes(visit.request.prefix(200))))")
    }
}
