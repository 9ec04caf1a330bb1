package import Logging

/// Where a log goes: to a standard stream, without waiting for it. Each entry is one line, whatever it holds.
package struct LogStream: TextOutputStream, Sendable {
    private let output: BackgroundOutput

    init(_ output: BackgroundOutput) { self.output = output }

    /// Logs to standard error, in the current ``LogFormat``; for `LoggingSystem.bootstrap`.
    package static func standardError(_ label: String) -> any LogHandler {
        switch LogFormat.current {
        case .text: TextLogHandler(StreamLogHandler(label: label, stream: LogStream(.standardError)))
        case .json: JSONLogHandler(label: label) { BackgroundOutput.standardError.write($0) }
        }
    }

    package func write(_ text: String) { output.write(Self.line(text)) }

    /// - Parameter text: ends with a newline.
    static func line(_ text: String) -> String {
        // Not hasSuffix: to it a carriage return and a newline are one character, and another one than a newline.
        let content = text.utf8.last == UInt8(ascii: "\n") ? Substring(text.utf8.dropLast()) : text[...]
        guard content.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }) else {
            return content + "\n"
        }
        var line = ""
        for scalar in content.unicodeScalars {
            if isControl(scalar) {
                line += scalar.escaped(asASCII: true)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line + "\n"
    }

    /// Whether it could end a line or move a terminal's cursor: C0, DEL, C1 and the two separators of Unicode.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }
}
