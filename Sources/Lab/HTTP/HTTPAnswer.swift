/// One answer of a node.
struct HTTPAnswer: Equatable {
    var status: Int
    var hasRetryAfter = false
    /// Whether the node closes the connection after it.
    var closes = false
    /// `Set-Cookie`, without the attributes: `name=value`.
    var cookies: [[UInt8]] = []
    var body: [UInt8] = []

    /// The value of a cookie that it sets; nil if it sets none of that name.
    func cookie(_ name: String) -> String? {
        let beginning = Array("\(name)=".utf8)
        guard let cookie = cookies.first(where: { $0.starts(with: beginning) }) else { return nil }
        return String(decoding: cookie.dropFirst(beginning.count), as: UTF8.self)
    }
}

/// Takes answers out of a stream of bytes (RFC 9112). Knows bodies with a `Content-Length` only: nodes send no others.
struct HTTPAnswerReader {
    private static let maximumHeaderBytes = 16 << 10
    private static let maximumBodyBytes = 64 << 10

    /// What was received is no answer that a node gives.
    struct Malformed: Error, Equatable { let what: String }

    private var bytes: [UInt8] = []
    /// How far the end of the header was looked for.
    private var searched = 0

    mutating func append(_ received: some Collection<UInt8>) { bytes.append(contentsOf: received) }

    /// - Returns: the next whole answer; nil if there is none yet.
    mutating func next() throws(Malformed) -> HTTPAnswer? {
        guard let headerEnd = endOfHeader() else {
            guard bytes.count <= Self.maximumHeaderBytes else { throw Malformed(what: "a header without end") }
            return nil
        }
        var (answer, length) = try header(bytes[..<headerEnd])
        guard bytes.count >= headerEnd + length else { return nil }
        answer.body = Array(bytes[headerEnd..<headerEnd + length])
        bytes.removeFirst(headerEnd + length)
        searched = 0
        return answer
    }

    /// The index behind the empty line.
    private mutating func endOfHeader() -> Int? {
        var index = max(0, searched - 3)
        while index + 4 <= bytes.count {
            if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 {
                return index + 4
            }
            index += 1
        }
        searched = bytes.count
        return nil
    }

    private func header(_ header: ArraySlice<UInt8>) throws(Malformed) -> (HTTPAnswer, length: Int) {
        var lineStart = header.startIndex
        var lineEnd = Self.endOfLine(header, lineStart)
        let statusLine = header[lineStart..<lineEnd]
        guard statusLine.count >= 12, statusLine.starts(with: "HTTP/1.1 ".utf8),
            let status = Self.number(header[lineStart + 9..<lineStart + 12]), status >= 200
        else { throw Malformed(what: "a status line that is none") }
        var answer = HTTPAnswer(status: status)
        var length = 0
        while true {
            lineStart = lineEnd + 2
            guard lineStart + 2 < header.endIndex else { return (answer, length) }
            lineEnd = Self.endOfLine(header, lineStart)
            let line = header[lineStart..<lineEnd]
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw Malformed(what: "a header field") }
            let name = line[..<colon]
            let value = line[(colon + 1)...].drop { $0 == 32 }
            if Self.matches(name, "content-length") {
                guard let number = Self.number(value), number <= Self.maximumBodyBytes else {
                    throw Malformed(what: "the length of a body")
                }
                length = number
            } else if Self.matches(name, "retry-after") {
                answer.hasRetryAfter = true
            } else if Self.matches(name, "connection") {
                answer.closes = Self.matches(value, "close")
            } else if Self.matches(name, "set-cookie") {
                answer.cookies.append(Array(value.prefix { $0 != UInt8(ascii: ";") }))
            } else if Self.matches(name, "transfer-encoding") {
                throw Malformed(what: "a body in chunks")
            }
        }
    }

    private static func endOfLine(_ header: ArraySlice<UInt8>, _ start: Int) -> Int {
        header[start...].firstIndex(of: 13) ?? header.endIndex
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...8).contains(digits.count) else { return nil }
        var number = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 48)
        }
        return number
    }

    private static func matches(_ text: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        guard text.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { zip(text, $0).allSatisfy { $0 | 0x20 == $1 } }
    }
}
