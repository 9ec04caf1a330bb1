import Denylist

@testable import Persistence

/// A replica that reads the log of one daemon after the other, as replicas are fed.
final class LogReplica {
    private(set) var position: (stretch: String, offset: UInt64)?
    private(set) var table = Denylist.small()
    /// How often it went on where it was, and how often it copied the whole table.
    private(set) var goneOn = 0
    private(set) var copied = 0

    /// Reads all there is.
    /// - Returns: false if it would have to copy the whole table, and there is none.
    func follow(_ log: AppendLog) throws -> Bool {
        if let position, var tail = log.tail(of: position.stretch, from: position.offset), Self.approach(&tail) {
            goneOn += 1
            self.position?.stretch = tail.stretch
            try read(&tail)
            return true
        }
        guard var copy = log.copy() else { return false }
        copied += 1
        table = .small()
        var sink = TableSink(table, at: .start, copies: true)
        let file = try copy.base.read(at: 0, copy.base.size)
        _ = try RDBReader.read(file.span.bytes, ReadConfiguration(now: 0), into: &sink)
        position = (copy.tail.stretch, copy.tail.position)
        try read(&copy.tail)
        return true
    }

    private static func approach(_ tail: inout LogTail) -> Bool {
        while true {
            switch tail.approach() {
            case .underWay: continue
            case .done: return true
            case .impossible: return false
            }
        }
    }

    private func read(_ tail: inout LogTail) throws {
        var sink = TableSink(table, at: .start, copies: true)
        var reader = RecordReader(ReadConfiguration(now: 0))
        var pieces = RecordPieces()
        var pending: [UInt8] = []
        while true {
            let records = try tail.next(atMost: 1 << 16)
            if records.isEmpty { return }
            pending += records
            while let unit = try pieces.next(pending.span.bytes) {
                try reader.read(pending.span.bytes, 0..<unit.length, into: &sink) { _ in }
                pending.removeFirst(unit.length)
                position?.offset += UInt64(unit.length)
            }
        }
    }
}
