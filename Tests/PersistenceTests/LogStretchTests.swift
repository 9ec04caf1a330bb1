import Denylist
import Testing

@testable import Persistence

/// Positions in the log, and from which of them one may follow it.
@Suite struct LogStretchTests {
    /// Those who read the log from a position on skip the notes.
    @Test func notesCountForNoPosition() {
        var queue = AppendQueue(policy: .always, run: 1)
        queue.become(.running, keeping: true)
        let start = queue.end
        for wall in [Int64(1_000), 50_000, 51_500, 1_000] {
            _ = queue.append(at: ClockReading(wall: wall, guarded: 1_000)) { records, _ in records += [1, 2, 3] }
        }
        #expect(queue.records.count > 12 && queue.end == start + 12)
    }

    @Test func whatNoRecordTellsOfCannotBeFollowed() {
        var stretch = LogStretch()
        stretch.begin(with: .init(path: "one", salt: 1, offset: 0, position: 0))
        let id = stretch.id
        #expect(id.utf8.count == 40 && stretch.segment(for: 7)?.path == "one" && stretch.isComplete(from: 0))
        stretch.go(onIn: .init(path: "two", salt: 2, offset: 9, position: 20))
        #expect(stretch.segment(for: 19)?.path == "one" && stretch.segment(for: 20)?.path == "two")
        stretch.replace(by: "base")
        #expect(stretch.segment(for: 19) == nil && stretch.base?.position == 20)
        stretch.noteUntold(at: 30)
        #expect(!stretch.isComplete(from: 29) && stretch.isComplete(from: 30))
        stretch.end()
        #expect(stretch.id.isEmpty && stretch.segments.isEmpty && stretch.base == nil)
        stretch.begin(with: .init(path: "three", salt: 3, offset: 0, position: 40))
        #expect(stretch.id != id && stretch.isComplete(from: 0))
    }
}
