import Logging
import Synchronization
import Testing

@testable import ProcessOutput

@Suite struct TextLogHandlerTests {
    private final class Lines: TextOutputStream, Sendable {
        let all = Mutex<[String]>([])

        func write(_ text: String) { all.withLock { $0.append(text) } }
    }

    /// What was logged, without the time.
    private func lines(_ make: @escaping (StreamLogHandler) -> any LogHandler) -> [String] {
        let lines = Lines()
        var logger = Logger(label: "revoked.test") { make(StreamLogHandler(label: $0, stream: lines)) }
        logger.info("bare")
        logger[metadataKey: "node"] = "one"
        logger[metadataKey: "a"] = ["b", "c"]
        logger.warning("its own", metadata: ["node": "two", "x": "y"])
        logger.error("those of the logger")
        logger.debug("not logged")
        logger.logLevel = .debug
        logger.debug("logged")
        logger[metadataKey: "a"] = nil
        logger.info("one left")
        return lines.all.withLock { $0.map { $0.drop { $0 != " " } }.map { String($0) } }
    }

    @Test func linesAreThoseOfTheStreamHandler() {
        let lines = lines { TextLogHandler($0) }
        #expect(lines.count == 5)
        #expect(lines == self.lines { $0 })
    }
}
