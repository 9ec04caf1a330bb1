public import Logging

/// Where a log goes: to a standard stream, without waiting for it. Each entry is one line, whatever it holds.
public struct LogStream: TextOutputStream, Sendable {
    private let output: BackgroundOutput

    init(_ output: BackgroundOutput) { self.output = output }

    /// Logs to standard error; for `LoggingSystem.bootstrap`.
    public static func standardError(_ label: String) -> any LogHandler {
        StreamLogHandler(label: label, stream: LogStream(.standardError))
    }

    public func write(_ text: String) { output.write(Self.line(text)) }

    /// - Parameter text: ends with a newline.
    static func line(_ text: String) -> String {
        // Not hasSuffix: to it a carriage return and a newline are one character, and another one than a newline.
        let content = text.utf8.last == UInt8(ascii: "\n") ? Substring(text.utf8.dropLast()) : text[...]
        guard content.utf8.contains(where: isControl) else { return content + "\n" }
        var line = ""
        for scalar in content.unicodeScalars {
            if scalar.isASCII, isControl(UInt8(scalar.value)) {
                line += scalar.escaped(asASCII: true)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line + "\n"
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}
