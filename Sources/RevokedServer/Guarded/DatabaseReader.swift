import Denylist
import RESP

/// One database as a whole, for reading.
struct DatabaseReader {
    let number: Int
    private let denylist: Denylist

    init(_ number: Int, _ denylist: Denylist) {
        self.number = number
        self.denylist = denylist
    }

    var statistics: Denylist.Statistics { denylist.statistics }

    func scan(
        from cursor: UInt64, count: Int, at moment: ClockReading, _ visit: (_ key: RawSpan) -> Void
    ) -> UInt64 {
        denylist.scan(from: cursor, count: count, at: moment) { key, _, _ in visit(key) }
    }

    func random<Result>(at moment: ClockReading, _ body: (_ key: RawSpan) -> Result) -> Result? {
        denylist.random(at: moment, body)
    }
}
