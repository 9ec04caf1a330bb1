import Foundation
import Logging
import Synchronization
import Testing

@testable import ProcessOutput

@Suite struct JSONLogHandlerTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Entry: Decodable {
        let time: Date
        let level: String
        let logger: String
        let message: String
        let metadata: [String: String]?
    }

    private func entry(_ line: String) throws -> Entry {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            try Date(
                try decoder.singleValueContainer().decode(String.self),
                strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }
        return try decoder.decode(Entry.self, from: Data(line.utf8))
    }

    @Test func anEntryIsOneObject() throws {
        let lines = Lines()
        var logger = Logger(label: "revoked.test") { label in
            JSONLogHandler(label: label) { line in lines.all.withLock { $0.append(line) } }
        }
        logger[metadataKey: "node"] = "one"
        let before = Date()
        logger.warning("not \"quite\" right", metadata: ["address": "127.0.0.1:1", "node": "two"])
        logger.debug("not logged")
        logger.info("bare")
        let written = lines.all.withLock { $0 }
        #expect(written.count == 2 && written.allSatisfy { $0.hasSuffix("}\n") })
        let first = try entry(written[0])
        #expect(first.level == "warning" && first.logger == "revoked.test")
        #expect(first.message == "not \"quite\" right")
        #expect(first.metadata == ["address": "127.0.0.1:1", "node": "two"])
        #expect(abs(first.time.timeIntervalSince(before)) < 60)
        #expect(written[0].hasPrefix("{\"time\":\"20") && written[0].contains("Z\",\"level\":"))
        #expect(try entry(written[1]).metadata == ["node": "one"])
    }

    /// Whatever an entry holds: it stays one line, and a parser gets the same text back.
    @Test func everyScalarComesBackFromOneLine() throws {
        var text = ""
        for value in Array(0...0x2FF) + Array(0x2020...0x2040) + [0xFEFF, 0xFFFF, 0x1F600, 0x10FFFF] {
            text.unicodeScalars.append(Unicode.Scalar(UInt32(value))!)
        }
        let line = JSONLogHandler.line(.info, text, text, metadata: ["\(text)": "\(text)"], at: Date())
        #expect(line.unicodeScalars.count { $0.properties.generalCategory == .control } == 1)
        #expect(!line.unicodeScalars.contains { [0x2028, 0x2029].contains($0.value) })
        let entry = try entry(line)
        #expect(entry.message.unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(entry.logger.unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(entry.metadata?.values.first?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    }

    @Test func metadataKeepItsShape() {
        let line = JSONLogHandler.line(
            .error, "l", "m", metadata: ["b": ["x", "y"], "a": ["k": .stringConvertible(1)]], error: "e",
            at: Date(timeIntervalSince1970: 0.25))
        #expect(
            line == #"{"time":"1970-01-01T00:00:00.250Z","level":"error","logger":"l","message":"m","#
                + #""metadata":{"a":{"k":"1"},"b":["x","y"]},"error":"e"}"# + "\n")
    }
}
