import Denylist
import RESP

/// Keys of one database, or of two, whose shards are locked.
struct LockedKeys: ~Copyable {
    private let first, second: Denylist.Locked
    private let secondDatabase: Int

    init(_ keys: borrowing Denylist.Locked) {
        first = keys.again
        second = keys.again
        secondDatabase = -1
    }

    /// - Parameter database: that of the second ones.
    init(_ first: borrowing Denylist.Locked, _ second: borrowing Denylist.Locked, of database: Int) {
        self.first = first.again
        self.second = second.again
        secondDatabase = database
    }

    /// Reads and changes the entry of one of them.
    func update<Result>(
        _ bytes: RawSpan, _ key: ClassifiedKey, at moment: ClockReading, _ body: (inout Entry) -> Result
    ) -> Result {
        key.database == secondDatabase
            ? second.update(bytes, hash: key.hash, at: moment, body)
            : first.update(bytes, hash: key.hash, at: moment, body)
    }
}
