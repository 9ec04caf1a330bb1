import Foundation
import Logging

/// Writes each entry as one line, a JSON object: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and, if there
/// are any, `metadata` and `error`.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let write: @Sendable (String) -> Void

    init(label: String, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        write(
            Self.line(
                event.level, label, "\(event.message)", metadata: metadata, error: event.error.map { "\($0)" },
                at: Date()))
    }

    /// An entry, with its newline.
    static func line(
        _ level: Logger.Level, _ label: String, _ message: String, metadata: Logger.Metadata = [:],
        error: String? = nil, at time: Date
    ) -> String {
        var members = [
            ("time", quoted(time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
            ("level", quoted(level.rawValue)), ("logger", quoted(label)), ("message", quoted(message)),
        ]
        if !metadata.isEmpty { members.append(("metadata", text(.dictionary(metadata)))) }
        if let error { members.append(("error", quoted(error))) }
        return object(members) + "\n"
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let value): quoted("\(value)")
        case .array(let values): "[\(values.map(text).joined(separator: ","))]"
        case .dictionary(let values): object(values.sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) })
        }
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{\(members.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ","))}"
    }

    /// A JSON string. What could end a line or move a cursor is escaped, too.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where LogStream.isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
