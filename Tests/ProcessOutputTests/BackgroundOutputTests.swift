import Foundation
import Synchronization
import Testing

@testable import ProcessOutput

@Suite struct BackgroundOutputTests {
    /// A pipe that nobody reads until it is asked to.
    private final class StalledPipe: Sendable {
        let reading: Int32
        let writing: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            precondition(pipe(&ends) == 0)
            // As our programs do: what is written into the pipe when its reader is gone must not end the tests.
            signal(SIGPIPE, SIG_IGN)
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Reads until a line holds that.
        func lines(until text: String) -> [String] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while !String(decoding: bytes, as: UTF8.self).contains(text) {
                let count = read(reading, &buffer, buffer.count)
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    @Test func nobodyWaitsForAReaderThatStallsAndWhatIsDroppedIsCounted() {
        let pipe = StalledPipe()
        let output = BackgroundOutput(descriptor: pipe.writing)
        // More than the pipe and the queue take together: it would not return if it waited.
        let line = String(repeating: "x", count: 1_023) + "\n"
        let count = 2 * (BackgroundOutput.maximumBytes >> 10)
        for _ in 0..<count { output.write(line) }
        let read = pipe.lines(until: "dropped")
        let notice = read.last ?? ""
        let dropped = notice.prefix { $0.isNumber }
        #expect(notice.contains("lines were dropped"))
        #expect(read.count - 1 + (Int(dropped) ?? 0) == count)
        output.end()
    }

    @Test func linesAreWrittenInOrderAndFlushWaitsForThem() {
        let pipe = StalledPipe()
        let output = BackgroundOutput(descriptor: pipe.writing)
        for number in 0..<100 { output.write("\(number)\n") }
        output.flush(within: .seconds(60))
        // All of it is in the pipe now: reading does not wait.
        #expect(fcntl(pipe.reading, F_SETFL, O_NONBLOCK) == 0)
        #expect(pipe.lines(until: "\n99\n") == (0..<100).map(String.init))
        output.end()
    }

    @Test func flushDoesNotWaitForAReaderThatStalls() {
        let pipe = StalledPipe()
        let output = BackgroundOutput(descriptor: pipe.writing)
        output.write(String(repeating: "x", count: BackgroundOutput.maximumBytes - 1) + "\n")
        output.flush(within: .milliseconds(10))
        // All is read before the pipe is closed: another test's file may get its number, and what is left would go
        // there.
        #expect(pipe.lines(until: "\n").count == 1)
        output.flush(within: .seconds(60))
        output.end()
    }

    @Test func whatCannotBeWrittenIsLostAndNothingElseHappens() {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(full >= 0)
        let text = [UInt8]("listening\n".utf8)
        #expect(text.withUnsafeBytes { StandardStream.write($0, to: full) } == 0)
        #expect(text.withUnsafeBytes { StandardStream.write($0, to: 1 << 20) } == 0)
        let output = BackgroundOutput(descriptor: full)
        output.write("listening\n")
        output.flush(within: .seconds(60))
        output.end()
    }

    @Test func anEntryOfTheLogIsOneLine() {
        #expect(LogStream.line("error: a\n") == "error: a\n")
        #expect(LogStream.line("error: a\nb\r\u{1B}[2Kü\n") == "error: a\\nb\\r\\u{1B}[2Kü\n")
        #expect(LogStream.line("error: a\r\n") == "error: a\\r\n")
        #expect(LogStream.line("é\u{85}\u{9B}2K\u{2028}–\n") == "é\\u{0085}\\u{009B}2K\\u{2028}–\n")
    }
}
