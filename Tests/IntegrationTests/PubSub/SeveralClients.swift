import Foundation
import Testing

/// A conversation of several clients, held with redis-server and with our daemon. Every client must get the same frames
/// at each step; those of one step may come in another order.
struct SeveralClients {
    /// A client and what it sends, such as `a SUBSCRIBE news`. Clients `a` to `f` speak RESP2, others RESP3.
    let steps: [String]

    init(_ script: String) {
        steps = script.split(separator: "\n").map(String.init).filter { !$0.isEmpty }
    }

    private static let mark = Bytes("the-end-of-a-step".utf8)
    private static let marking = WireCommand([Bytes("PING".utf8), mark]).encoded

    /// - Parameter connect: connects to a server.
    func compare(_ redis: LocalRedis, _ connect: () throws -> TestSocket) throws {
        let (theirs, ours) = (try Clients(steps, redis.connect), try Clients(steps, connect))
        for (number, step) in steps.enumerated() {
            let words = step.split(separator: " ", maxSplits: 1)
            let name = words[0].first!
            let commands = words[1].components(separatedBy: " ; ").map { WireCommand(text: $0) }
            let expected = try theirs.frames(after: commands, of: name)
            try ours.send(commands, of: name)
            for (client, frames) in expected.sorted(by: { $0.key < $1.key }) {
                var actual: [Bytes] = []
                do { actual = try ours.next(frames.count, client, withMark: client == name) } catch {
                    Issue.record(
                        "step \(number), \(step): \(client) does not get \(frames.map { readable($0) }): \(error)")
                    return
                }
                let isSame = actual.map { readable($0) }.sorted() == frames.map { readable($0) }.sorted()
                #expect(
                    isSame,
                    "step \(number), \(step): \(client) gets\n  \(actual.map { readable($0) })\n  not\n  \(frames.map { readable($0) })"
                )
            }
        }
        // Nothing more comes.
        for (client, more) in try ours.rest() {
            #expect(more.isEmpty, "\(client) got \(more.map { readable($0) }) besides")
        }
    }

    private final class Clients {
        private let sockets: [Character: TestSocket]

        init(_ steps: [String], _ connect: () throws -> TestSocket) throws {
            var sockets: [Character: TestSocket] = [:]
            for name in Set(steps.compactMap(\.first)) {
                let socket = try connect()
                if name > "f" { _ = try socket.command(["HELLO", "3"]) }
                sockets[name] = socket
            }
            self.sockets = sockets
        }

        /// Sends commands in one write, and the mark behind them.
        func send(_ commands: [WireCommand], of name: Character) throws {
            try sockets[name]!.send(commands.flatMap(\.encoded) + SeveralClients.marking)
        }

        /// The next frames that are no mark, and the mark if it is due.
        func next(_ count: Int, _ name: Character, withMark isMarked: Bool) throws -> [Bytes] {
            let frames = try (0..<(count + (isMarked ? 1 : 0))).map { _ in try sockets[name]!.reply() }
            return try frames.filter { try !isMark($0) }
        }

        private func isMark(_ frame: Bytes) throws -> Bool {
            if ReplyFrame.bulk(frame) == SeveralClients.mark { return true }
            let parts = try ReplyFrame.elements(of: frame)
            return parts.count == 2 && ReplyFrame.bulk(parts[1]) == SeveralClients.mark
        }

        /// What every client gets until a mark comes back to it.
        func frames(after commands: [WireCommand], of name: Character) throws -> [Character: [Bytes]] {
            try send(commands, of: name)
            var frames: [Character: [Bytes]] = [:]
            // The commands have been executed before the others are asked.
            frames[name] = try framesUntilMark(sockets[name]!)
            for (other, socket) in sockets where other != name {
                try socket.send(SeveralClients.marking)
                frames[other] = try framesUntilMark(socket)
            }
            return frames
        }

        func rest() throws -> [Character: [Bytes]] {
            try sockets.mapValues { socket in
                try socket.send(SeveralClients.marking)
                return try framesUntilMark(socket)
            }
        }

        private func framesUntilMark(_ socket: TestSocket) throws -> [Bytes] {
            var frames: [Bytes] = []
            while true {
                let frame = try socket.reply()
                if try isMark(frame) { return frames }
                frames.append(frame)
            }
        }
    }
}
