import RESP

/// What a command answers a script, and a script its caller.
enum ScriptValue: Equatable {
    case null
    case status([UInt8])
    case integer(Int64)
    case bulk([UInt8])
    case array([ScriptValue])

    static let ok = ScriptValue.status(Array("OK".utf8))

    /// Reads a reply to one command of the known scripts: none of them answers an array.
    init(reply: some RandomAccessCollection<UInt8>) throws(ScriptFailure) {
        guard let lineEnd = reply.firstIndex(of: 0x0D) else {
            // The buffer has overflowed, and the connection is closed.
            throw ScriptFailure("ERR the script's replies are too long")
        }
        let line = reply[reply.startIndex..<lineEnd].dropFirst()
        switch reply.first {
        case UInt8(ascii: "+"): self = .status(Array(line))
        case UInt8(ascii: "-"): throw ScriptFailure(message: Array(line))
        case UInt8(ascii: ":"): self = .integer(Int64(String(decoding: line, as: UTF8.self)) ?? 0)
        case UInt8(ascii: "$") where line.first != UInt8(ascii: "-"):
            self = .bulk(Array(reply[reply.index(lineEnd, offsetBy: 2)...].dropLast(2)))
        default: self = .null
        }
    }

    func write(to reply: inout ReplyBuffer) {
        switch self {
        case .null: reply.null()
        case .status(let text): reply.status(String(decoding: text, as: UTF8.self))
        case .integer(let number): reply.integer(number)
        case .bulk(let bytes): reply.bulk(bytes.span.bytes)
        case .array(let values):
            reply.array(values.count)
            for value in values { value.write(to: &reply) }
        }
    }
}

/// An error that ended a script: a command's, or the script's own.
struct ScriptFailure: Error {
    /// The reply without its mark.
    let message: [UInt8]

    init(message: [UInt8]) { self.message = message }
    init(_ text: String) { message = Array(text.utf8) }
}
