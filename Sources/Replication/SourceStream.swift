/// What is said with a Redis or Valkey whose keys are imported, as its replica: log-in, what it is, then its stream.
/// Takes bytes and the time, has no sockets.
package struct SourceStream<Sink: StreamSink & ~Copyable>: ~Copyable {
    package enum Event: Equatable {
        /// These bytes are to be sent.
        case send([UInt8])
        /// The source says what it is. If it may not be imported from, nothing more is to be called.
        case knows(SourceFacts)
        case stream(StreamEvent)
    }

    private enum Phase {
        /// The answer to this command is awaited.
        case entrance(Entrance)
        case stream
    }

    private enum Entrance {
        case login, information, capabilities
    }

    /// The longest string that Redis has, with what it takes besides: keys of other types are passed over as a whole.
    package static var maximumUnit: Int { (512 << 20) + (1 << 20) }
    /// The longest answer before the stream.
    private static var maximumAnswer: Int { 256 << 10 }

    private var phase: Phase
    private var output: [UInt8]
    private var answer: [UInt8] = []
    private var stream: RecordStream<Sink>

    /// Where the stream is. The copy is complete only if ``isComplete``.
    package var position: StreamPosition? { stream.position }
    package var isComplete: Bool { stream.isComplete }
    /// That of the next record.
    package var database: Int64 { stream.database }
    /// Whether the source is asked for its stream, or sends it.
    package var isInStream: Bool { if case .stream = phase { true } else { false } }

    /// - Parameters:
    ///   - sink: has selected `database`.
    ///   - position: how far the sink has come before; nil for a whole copy.
    ///   - database: that of the next record then.
    ///   - credentials: user, or nil for the default one, and password; nil if none are asked for.
    package init(
        _ sink: consuming Sink, at position: StreamPosition?, database: Int64 = 0,
        credentials: (user: [UInt8]?, password: [UInt8])?
    ) {
        stream = RecordStream(
            sink, at: position, database: database,
            StreamDialect(maximumUnit: Self.maximumUnit, skipsUnsupported: true))
        if let credentials {
            phase = .entrance(.login)
            output = Self.command([Array("AUTH".utf8)] + [credentials.user, credentials.password].compactMap { $0 })
        } else {
            phase = .entrance(.information)
            output = Self.command("INFO")
        }
    }

    /// Begins the copy that ``StreamEvent/copies`` has announced.
    package mutating func copy(into sink: consuming Sink) { stream.copy(into: sink) }

    /// Takes bytes that have arrived. ``next(at:)`` is called until it returns nil, and once at the beginning.
    package mutating func append(_ bytes: RawSpan) {
        guard case .entrance = phase else { return stream.append(bytes) }
        bytes.withUnsafeBytes { answer.append(contentsOf: $0) }
    }

    /// - Parameter now: Unix milliseconds.
    /// - Returns: nil if more bytes are needed.
    package mutating func next(at now: Int64) throws(StreamError) -> Event? {
        if !output.isEmpty {
            defer { output = [] }
            return .send(output)
        }
        switch phase {
        case .stream: return try stream.next(at: now).map(Event.stream)
        case .entrance(let entrance):
            guard let reply = try nextReply() else { return nil }
            switch entrance {
            case .login:
                try Self.requireOK(reply)
                (phase, output) = (.entrance(.information), Self.command("INFO"))
                return try next(at: now)
            case .information:
                guard case .text(let text) = reply else {
                    try Self.requireOK(reply)
                    throw .damaged("an answer that is none to INFO")
                }
                phase = .entrance(.capabilities)
                output = Self.command("REPLCONF", "capa", "eof", "capa", "psync2")
                return .knows(SourceFacts(text))
            case .capabilities:
                try Self.requireOK(reply)
                phase = .stream
                let rest = answer
                answer = []
                stream.append(rest.span.bytes)
                let request = StreamPosition.request(from: stream.position)
                return .send(Self.command("PSYNC", request.stretch, request.offset))
            }
        }
    }

    /// `REPLCONF ACK`: how far the copy is kept.
    package static func acknowledgement(of offset: UInt64) -> [UInt8] { command("REPLCONF", "ACK", "\(offset)") }

    // MARK: Answers

    private enum Reply {
        case line(String)
        case text(String)
    }

    private static func requireOK(_ reply: Reply) throws(StreamError) {
        guard case .line(let line) = reply, line.hasPrefix("-") else {
            if case .line("+OK") = reply { return }
            throw .damaged("an answer that no Redis gives")
        }
        throw .refused(line: line)
    }

    /// A line, or a string behind its length.
    private mutating func nextReply() throws(StreamError) -> Reply? {
        guard let end = answer.firstIndex(of: UInt8(ascii: "\n")) else {
            guard answer.count <= Self.maximumAnswer else { throw .damaged("an answer that is too long") }
            return nil
        }
        var line = answer[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard line.first == UInt8(ascii: "$") else {
            defer { answer.removeFirst(end + 1) }
            return .line(String(decoding: line.prefix(512), as: UTF8.self))
        }
        guard let count = Int(String(decoding: line.dropFirst(), as: UTF8.self)),
            (0...Self.maximumAnswer).contains(count)
        else { throw .damaged("an answer of impossible length") }
        let start = end + 1
        guard answer.count >= start + count + 2 else { return nil }
        defer { answer.removeFirst(start + count + 2) }
        return .text(String(decoding: answer[start..<start + count], as: UTF8.self))
    }

    private static func command(_ arguments: String...) -> [UInt8] { command(arguments.map { Array($0.utf8) }) }

    private static func command(_ arguments: [[UInt8]]) -> [UInt8] {
        arguments.reduce(into: Array("*\(arguments.count)\r\n".utf8)) { bytes, argument in
            bytes += Array("$\(argument.count)\r\n".utf8) + argument + Array("\r\n".utf8)
        }
    }
}
