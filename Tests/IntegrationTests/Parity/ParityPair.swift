import Testing

/// The same conversation with our daemon and with redis-server.
final class ParityPair {
    enum Version: Int, CaseIterable, Sendable {
        case two = 2
        case three = 3
    }

    let ours: TestSocket
    let theirs: TestSocket

    init(_ daemon: LocalDaemon, _ redis: LocalRedis, _ version: Version = .two) throws {
        ours = try daemon.connect()
        theirs = try redis.connect()
        guard version == .three else { return }
        for socket in [ours, theirs] { _ = try socket.command(["HELLO", "3"]) }
    }

    /// Empties both.
    func flush() throws { try run(["FLUSHALL"]) }

    /// Sends one command to both and compares the replies.
    func run(_ command: WireCommand, _ comment: String = "") throws {
        try run([command], comment)
    }

    /// Sends commands to both, each side's in one write, and compares the replies.
    /// - Parameter exception: overrides the one that the command has.
    func run(
        _ commands: [WireCommand], _ comment: String = "",
        exception: (WireCommand) -> ParityException = { ParityException.of($0) }
    ) throws {
        var (mine, other) = (Bytes(), Bytes())
        for command in commands {
            mine += command.encoded
            other += command.encoded
        }
        try ours.send(mine)
        try theirs.send(other)
        for (index, command) in commands.enumerated() {
            let (first, second) = (try ours.reply(), try theirs.reply())
            if let difference = exception(command).difference(ours: first, theirs: second) {
                let before = commands[max(0, index - 5)..<index].map(\.description).joined(separator: "\n    ")
                Issue.record("\(comment)\(command)\(difference)\n  after:\n    \(before)")
            }
        }
    }

    static func empties(_ command: WireCommand) -> Bool {
        guard command.name == "flushall" || command.name == "flushdb" else { return false }
        return command.words.count == 1 || command.words.count == 2 && ["sync", "async"].contains(command.word(1))
    }

    /// Walks all keys on both sides and compares what was found.
    func compareScan(_ options: [String] = []) throws {
        let (first, second) = (try Self.scan(ours, options), try Self.scan(theirs, options))
        if first != second {
            let difference = first.symmetricDifference(second).map { readable($0) }
            Issue.record("SCAN \(options): only one side has \(difference)")
        }
    }

    private static func scan(_ socket: TestSocket, _ options: [String]) throws -> Set<Bytes> {
        var found: Set<Bytes> = []
        var cursor = Bytes("0".utf8)
        repeat {
            var command: WireCommand = ["SCAN"]
            command.words += [cursor] + options.map { Bytes($0.utf8) }
            let elements = try ReplyFrame.elements(of: try socket.command(command))
            guard elements.count == 2, let next = ReplyFrame.bulk(elements[0]) else {
                throw TestFailure("no reply to SCAN: \(elements.map { readable($0) })")
            }
            for element in try ReplyFrame.elements(of: elements[1]) {
                if let key = ReplyFrame.bulk(element) { found.insert(key) }
            }
            cursor = next
        } while cursor != Bytes("0".utf8)
        return found
    }
}
